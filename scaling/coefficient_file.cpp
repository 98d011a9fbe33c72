#include "scaling/coefficient_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scaling/cost_model.h"
#include "spec/atomic_file.h"
#include "spec/config_table.h"
#include "spec/error.h"

namespace effnet::scaling {
namespace {

std::string rule_toml(const CompoundRule& rule) {
  return fmt::format("alpha = {}\nbeta = {}\ngamma = {}\n", rule.alpha, rule.beta, rule.gamma);
}

CompoundRule read_rule(const spec::ConfigTable& table) {
  const CompoundRule rule{table.number("alpha"), table.number("beta"), table.number("gamma")};
  for (const auto& [key, value] :
       {std::pair{"alpha", rule.alpha}, {"beta", rule.beta}, {"gamma", rule.gamma}}) {
    if (!(value >= 1 && value <= 10)) throw table.error(key, fmt::format("{} is outside 1 .. 10", value));
  }
  return rule;
}

std::string net_toml(const TrainedNet& trained, const CompoundRule& chosen) {
  std::string text = fmt::format(
      "\n[[net]]{}\narch = \"{}\"\nmacs = {}\nparams = {}\ncost_ratio = {:.6f}\naccuracies = [{}]\n",
      trained.net.rules.front() == chosen ? "  # the winner" : "", spec::to_text(trained.net.arch),
      trained.net.cost.macs, trained.net.cost.params, trained.net.cost_ratio,
      fmt::join(trained.accuracies, ", "));
  text += "# every grid point that rounds to this net\n";
  for (const CompoundRule& rule : trained.net.rules) text += "[[net.point]]\n" + rule_toml(rule);
  return text;
}

TrainedNet read_net(const spec::ConfigTable& table) {
  TrainedNet trained;
  trained.net.arch = spec::parse_arch(table.string("arch"), table.where("arch"));
  trained.net.cost = count(trained.net.arch).total;
  trained.net.cost_ratio = table.number("cost_ratio");
  for (const char* counted : {"macs", "params"}) {
    const std::int64_t recount =
        std::string_view(counted) == "macs" ? trained.net.cost.macs : trained.net.cost.params;
    if (table.integer(counted) != recount) {
      throw table.error(
          counted, fmt::format("is {}, but the net of this table has {}", table.integer(counted), recount),
          "the file was edited, or written by a version that counted otherwise; run the fit again");
    }
  }
  if (table.has("accuracies")) {
    for (const double accuracy : table.numbers("accuracies")) trained.accuracies.push_back(accuracy);
  }
  for (const spec::ConfigTable& point : table.tables("point")) trained.net.rules.push_back(read_rule(point));
  if (trained.net.rules.empty()) throw table.error("point", "a net needs at least one grid point");
  return trained;
}

}  // namespace

std::string coefficients_toml(const CoefficientFile& file) {
  std::string text =
      "# Fitted by `effnet fit`; `effnet fit --redo FILE` makes the choice again from this file.\nformat = "
      "1\n";
  text += rule_toml(file.rule);
  text += fmt::format("cost = \"{}\"\ncost_spread = {}\nholdout_pictures = {}\n",
                      spec::to_text(file.cost_kind), file.cost_spread, file.holdout_pictures);
  text += fmt::format("\n[baseline]\nname = {}\narch = \"{}\"\n", spec::toml_string(file.baseline.name),
                      spec::to_text(file.baseline.arch));
  for (const TrainedNet& net : file.nets) text += net_toml(net, file.rule);
  return text;
}

CoefficientFile read_coefficients(const std::filesystem::path& file) {
  return parse_coefficients(spec::read_file(file), file.string());
}

CoefficientFile parse_coefficients(std::string_view toml, std::string_view where) {
  const spec::ConfigTable table = spec::ConfigTable::parse(toml, where);
  CoefficientFile file;
  if (table.integer_or("format", 1) != 1) throw table.error("format", "only format 1 is known");
  file.rule = read_rule(table);
  file.cost_kind = spec::parse_counted_cost(table.string_or("cost", "macs"), table.where("cost"));
  file.cost_spread = table.number_or("cost_spread", file.cost_spread);
  file.holdout_pictures = table.integer_or("holdout_pictures", 0);
  if (table.has("baseline")) {
    const spec::ConfigTable baseline = table.table("baseline");
    file.baseline.name = baseline.string("name");
    file.baseline.arch = spec::parse_arch(baseline.string("arch"), baseline.where("arch"));
  }
  for (const spec::ConfigTable& net : table.tables("net")) file.nets.push_back(read_net(net));
  table.reject_unknown_keys();
  return file;
}

void check_baseline(const CoefficientFile& file, const spec::ArchSpec& baseline, std::string_view where) {
  if (file.baseline.arch.stages.empty() || file.baseline.arch == baseline) return;
  throw spec::Error(
      spec::ErrorKind::kUsage, where,
      fmt::format("was fitted for another baseline, '{}':\n    {}\n  but the one given is\n    {}",
                  file.baseline.name, spec::to_text(file.baseline.arch), spec::to_text(baseline)),
      "give the baseline of the fit, or fit this one with `effnet fit`");
}

}  // namespace effnet::scaling
