// effnet scale: a baseline and coefficients become a family of net files, with what rounding made of the
// ideal cost.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/net_argument.h"
#include "report/number_text.h"
#include "report/text_table.h"
#include "scaling/coefficient_file.h"
#include "scaling/cost_model.h"
#include "scaling/families.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using spec::Error;
using spec::ErrorKind;

struct Options {
  std::string baseline = "b0";
  bool published = false;
  std::string coefficients;
  std::vector<double> phi{0, 1, 2, 3};
  std::string output;
  bool json = false;
};

struct Member {
  spec::NamedNet net;
  scaling::Multipliers multipliers;
  spec::Cost cost;
  double cost_ratio = 1;   // realised
  double ideal_ratio = 1;  // depth * width^2 * resolution^2
};

Member member_of(std::string name, const spec::ArchSpec& arch, const scaling::Multipliers& by,
                 const spec::Cost& base) {
  const spec::Cost cost = scaling::count(arch).total;
  return {{std::move(name), arch},
          by,
          cost,
          static_cast<double>(cost.macs) / static_cast<double>(base.macs),
          by.depth * by.width * by.width * by.resolution * by.resolution};
}

std::vector<Member> published_members() {
  const spec::ArchSpec b0 = scaling::find_net("b0").arch;
  const spec::Cost base = scaling::count(b0).total;
  std::vector<Member> members;
  for (const scaling::FamilyMember& row : scaling::published_family()) {
    if (row.name.size() != 2 || row.name[0] != 'b' || row.name[1] < '1' || row.name[1] > '7') continue;
    const scaling::Multipliers by{row.depth, row.width, static_cast<double>(row.resolution) / b0.resolution};
    members.push_back(member_of(std::string(row.name), scaling::member_arch(row), by, base));
  }
  return members;
}

std::vector<Member> fitted_members(const spec::ArchSpec& baseline, const scaling::CompoundRule& rule,
                                   const std::vector<double>& phis) {
  const spec::Cost base = scaling::count(baseline).total;
  std::vector<Member> members;
  for (std::size_t i = 0; i < phis.size(); ++i) {
    if (!(std::abs(phis[i]) <= 20))
      throw Error(ErrorKind::kUsage, "--phi", fmt::format("{} is outside -20 .. 20", phis[i]));
    const scaling::Multipliers by = scaling::multipliers(rule, phis[i]);
    const spec::ArchSpec arch = scaling::scale(baseline, by);
    spec::check(arch, fmt::format("phi {}", phis[i]));
    members.push_back(member_of(fmt::format("b{}", i), arch, by, base));
  }
  return members;
}

// The phi that this dimension's multiplier stands for, or "-" where the rule does not scale it.
std::string phi_text(double base, double multiplier) {
  return base == 1 ? "-" : fmt::format("{:.2f}", scaling::implied_phi(base, multiplier));
}

std::string table_text(const std::vector<Member>& members, const scaling::CompoundRule& rule) {
  const auto right = report::Align::kRight;
  report::TextTable table({{"net"},
                           {"depth", right},
                           {"width", right},
                           {"pixels", right},
                           {"blocks", right},
                           {"phi depth", right},
                           {"phi width", right},
                           {"phi res", right},
                           {"params", right},
                           {"MACs", right},
                           {"cost", right},
                           {"ideal", right}});
  for (const Member& m : members) {
    table.add_row({m.net.name, fmt::format("{:.3g}", m.multipliers.depth),
                   fmt::format("{:.3g}", m.multipliers.width), fmt::format("{}", m.net.arch.resolution),
                   fmt::format("{}", spec::block_count(m.net.arch)),
                   phi_text(rule.alpha, m.multipliers.depth), phi_text(rule.beta, m.multipliers.width),
                   phi_text(rule.gamma, m.multipliers.resolution),
                   report::short_count(static_cast<double>(m.cost.params)),
                   report::short_count(static_cast<double>(m.cost.macs)),
                   fmt::format("{:.2f}x", m.cost_ratio), fmt::format("{:.2f}x", m.ideal_ratio)});
  }
  return table.to_text() + fmt::format(
                               "\nphi per dimension for alpha {}, beta {}, gamma {}. cost: multiply-adds of "
                               "the rounded net against the baseline's;\n"
                               "ideal: depth * width^2 * resolution^2. Rounding repeats up and channels to "
                               "multiples makes the difference.\n",
                               rule.alpha, rule.beta, rule.gamma);
}

std::string json_text(const std::vector<Member>& members, const scaling::CompoundRule& rule) {
  nlohmann::ordered_json json;
  json["schema"] = "effnet.scale/1";
  json["alpha"] = rule.alpha;
  json["beta"] = rule.beta;
  json["gamma"] = rule.gamma;
  json["nets"] = nlohmann::ordered_json::array();
  for (const Member& m : members) {
    json["nets"].push_back({{"name", m.net.name},
                            {"arch", spec::to_text(m.net.arch)},
                            {"depth", m.multipliers.depth},
                            {"width", m.multipliers.width},
                            {"resolution", m.net.arch.resolution},
                            {"params", m.cost.params},
                            {"macs", m.cost.macs},
                            {"cost_ratio", m.cost_ratio},
                            {"ideal_ratio", m.ideal_ratio}});
  }
  return json.dump(2) + "\n";
}

void write_nets(const std::vector<Member>& members, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const Member& m : members)
    spec::write_file_atomically(folder / (m.net.name + ".toml"), spec::net_toml(m.net));
}

void run(const Options& options) {
  scaling::CompoundRule rule;
  std::vector<Member> members;
  if (options.published) {
    members = published_members();
  } else {
    const spec::NamedNet baseline = resolve_net(options.baseline);
    if (!options.coefficients.empty()) {
      const scaling::CoefficientFile file = scaling::read_coefficients(options.coefficients);
      scaling::check_baseline(file, baseline.arch, options.coefficients);
      rule = file.rule;
    }
    members = fitted_members(baseline.arch, rule, options.phi);
  }
  if (!options.output.empty()) write_nets(members, options.output);
  print_result(options.json ? json_text(members, rule) : table_text(members, rule));
}

}  // namespace

void add_scale(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "scale", "Scale a baseline into a family: published B1..B7, or any baseline at any phi");
  auto options = std::make_shared<Options>();
  command->add_option("--baseline", options->baseline, "net to scale: published name or net file")
      ->capture_default_str();
  CLI::Option* published = command->add_flag("--published", options->published,
                                             "B1..B7 as published, hand-rounded resolutions included");
  command
      ->add_option("--coefficients", options->coefficients,
                   "alpha, beta, gamma from this file (effnet fit writes it); else 1.2, 1.1, 1.15")
      ->excludes(published);
  command
      ->add_option("--phi", options->phi,
                   "how far to scale, any real numbers; the nets are named b0, b1, ... in this order")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->excludes(published);
  command->add_option("--output", options->output,
                      "folder for the net files; without it only the table is printed");
  command->add_flag("--json", options->json, "the table as JSON");
  command->footer(
      "Examples:\n  effnet scale --published --output nets\n  effnet scale --baseline b0 --phi 0,0.5,1\n"
      "  effnet scale --baseline runs/demo/baseline.toml --coefficients runs/demo/coefficients.toml --phi "
      "0,1,2 --output nets\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
