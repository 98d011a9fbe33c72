// effnet space FILE: what a space holds: its size, what its nets cost, the choices of each stage, and a sample.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "report/number_text.h"
#include "report/objective_text.h"
#include "report/text_table.h"
#include "search/builtin_spaces.h"
#include "spec/recipe_choices.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;
using search::Extreme;
using search::Space;

struct Options {
  std::string space;
  int sample = 5;
  std::uint64_t seed = 1;
  bool json = false;
};

std::vector<spec::Candidate> sample(const Space& space, const Options& options) {
  std::vector<spec::Candidate> nets;
  for (int i = 0; i < options.sample; ++i) {
    spec::RandomStream random(spec::derive_seed(options.seed, "sample", static_cast<std::uint64_t>(i)));
    nets.push_back(space.candidate(space.sample(random)));
  }
  return nets;
}

std::string values_text(const std::vector<spec::ChoiceValue>& values) {
  std::vector<std::string> texts;
  for (const spec::ChoiceValue& value : values) texts.push_back(spec::to_text(value));
  return fmt::format("{}", fmt::join(texts, " | "));
}

std::string values_text(const search::StageChoices::Key& key) {
  return key.tied_to ? fmt::format("as stage {}", *key.tied_to + 1) : values_text(key.values);
}

std::string stages_text(const Space& space) {
  const std::vector<std::string> keys{"block", "op",      "stride", "kernel", "expand", "channels",
                                      "se",    "repeats", "skip",   "groups", "middle"};
  std::vector<report::Column> columns{{"stage", report::Align::kRight}};
  for (const std::string& key : keys) columns.push_back({key});
  report::TextTable table(columns);
  for (std::size_t s = 0; s < space.stages().size(); ++s) {
    std::vector<std::string> cells{fmt::format("{}", s + 1)};
    for (const std::string& name : keys) {
      cells.emplace_back();
      for (const auto& key : space.stages()[s].keys) {
        if (key.name == name) cells.back() = values_text(key);
      }
    }
    table.add_row(std::move(cells));
  }
  return table.without_empty_columns().to_text();
}

// What is searched along with the net; "" where nothing is.
std::string training_choices_text(const Space& space) {
  report::TextTable table({{"of the training"}, {"values"}});
  for (const search::Dimension& dimension : space.dimensions()) {
    if (!dimension.name.starts_with("stage")) table.add_row({dimension.name, values_text(dimension.values)});
  }
  return table.rows().empty() ? "" : "\n" + table.to_text();
}

std::string costs_text(const Space& space) {
  report::TextTable table(
      {{"cost"}, {"cheapest", report::Align::kRight}, {"largest", report::Align::kRight}, {"cheapest net"}});
  for (const spec::CostKind kind : space.costs()) {
    const spec::Candidate least = space.extreme(kind, Extreme::kCheapest);
    const spec::Candidate most = space.extreme(kind, Extreme::kLargest);
    table.add_row({std::string(spec::to_text(kind)),
                   report::grouped_count(static_cast<double>(spec::cost_of(least.cost, kind))),
                   report::grouped_count(static_cast<double>(spec::cost_of(most.cost, kind))),
                   spec::to_text(least.arch)});
  }
  return table.to_text();
}

std::string sample_text(const Space& space, const std::vector<spec::Candidate>& nets) {
  std::vector<report::Column> columns = report::cost_columns(space.costs());
  columns.push_back({"net"});
  report::TextTable table(columns);
  for (const spec::Candidate& net : nets) {
    std::vector<std::string> cells = report::cost_cells(net.cost, space.costs());
    cells.push_back(spec::training_text(net));
    table.add_row(std::move(cells));
  }
  return table.to_text();
}

std::string size_text(double size) {
  return size < 9e15 ? report::grouped_count(size) : fmt::format("{:.3g}", size);
}

std::string text_of(const Space& space, const Options& options) {
  std::string text =
      fmt::format("{}: {} members, {} choices, {} x {} x {} pictures, {} classes\n", space.name(),
                  size_text(space.size()), space.dimensions().size(), space.skeleton().input_channels,
                  space.skeleton().resolution, space.skeleton().resolution, space.skeleton().classes);
  if (const std::string limits = search::to_text(space.limits()); !limits.empty())
    text += fmt::format("limits: {} (size and costs below are without them, the sample is within)\n", limits);
  if (space.latency())
    text += fmt::format("latency: {} parts measured on {}\n", space.latency()->parts(),
                        space.latency()->measured());
  text += "\n" + stages_text(space) + training_choices_text(space) + "\n" + costs_text(space);
  if (options.sample > 0) text += "\n" + sample_text(space, sample(space, options));
  return text;
}

Json json_of(const Space& space, const spec::Candidate& net) {
  Json json{{"arch", spec::to_text(net.arch)}, {"choices", Json::parse(spec::choices_json(net.choices))}};
  for (const spec::CostKind kind : space.costs())
    json[std::string(spec::to_text(kind))] = spec::cost_of(net.cost, kind);
  return json;
}

Json json_of(const spec::ChoiceValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return Json::parse(spec::to_text(value));
}

std::string json_text(const Space& space, const Options& options) {
  Json json{{"schema", "effnet.space/1"}, {"name", space.name()},
            {"members", space.size()},    {"limits", search::to_text(space.limits())},
            {"choices", Json::object()},  {"costs", Json::object()},
            {"sample", Json::array()}};
  for (const search::Dimension& dimension : space.dimensions()) {
    Json values = Json::array();
    for (const spec::ChoiceValue& value : dimension.values) values.push_back(json_of(value));
    json["choices"][dimension.name] = values;
  }
  for (const spec::CostKind kind : space.costs()) {
    json["costs"][std::string(spec::to_text(kind))] = {
        {"cheapest", spec::cost_of(space.extreme(kind, Extreme::kCheapest).cost, kind)},
        {"largest", spec::cost_of(space.extreme(kind, Extreme::kLargest).cost, kind)}};
  }
  for (const spec::Candidate& net : sample(space, options)) json["sample"].push_back(json_of(space, net));
  return json.dump(2) + "\n";
}

void run(const Options& options) {
  const Space space = search::load_space(options.space);
  print_result(options.json ? json_text(space, options) : text_of(space, options));
}

}  // namespace

void add_space(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("space", "A search space: its size, what its nets cost, its choices, a sample");
  auto options = std::make_shared<Options>();
  std::string names;
  for (const search::BuiltinSpace& space : search::builtin_spaces())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", space.name);
  command->add_option("SPACE", options->space, fmt::format("space file, or built-in: {}", names))->required();
  command->add_option("--sample", options->sample, "nets to draw")
      ->capture_default_str()
      ->check(CLI::Range(0, 100'000));
  command->add_option("--seed", options->seed, "seed of the sample")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  command->add_flag("--json", options->json, "the same as JSON");
  command->footer(
      "Examples:\n  effnet space mnasnet\n  effnet space my-space.toml --sample 100 --seed 3 --json\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
