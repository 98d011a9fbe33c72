#include "search/cost_bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "scaling/cost_model.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

using spec::ArchSpec;
using spec::ChoiceValue;

constexpr std::size_t kMostCombinations = 100'000;
constexpr std::size_t kMostTiedCases = 4096;

using State = scaling::MapShape;  // of the tensor between two stages

struct Way {  // the best way to a state
  std::int64_t cost = 0;
  std::vector<StageValues> values;
};

// Cost of `sections` alone, fed with `input`; and the state they leave behind.
std::pair<std::int64_t, State> cost_of_part(ArchSpec part, State input, const Costing& costing) {
  part.input_channels = input.channels;
  part.resolution = input.size;
  if (costing.latency) {
    const scaling::Blocks blocks = scaling::blocks_of(part);
    return {costing.latency->of_blocks(blocks.texts), blocks.end};
  }
  part.classes = 1;
  const scaling::CostReport report = scaling::count(part);
  const State output{spec::channels_before_classifier(part), report.last_map};
  // What the classifier for one class costs, which is no part of it.
  const std::int64_t classifier = costing.kind == spec::CostKind::kMacs     ? output.channels
                                  : costing.kind == spec::CostKind::kParams ? output.channels + 1
                                                                            : 1;
  return {spec::cost_of(report.total, costing.kind) - classifier, output};
}

ArchSpec without_stages(const ArchSpec& skeleton) {
  ArchSpec part = skeleton;
  part.stem.clear();
  part.stages.clear();
  part.head.clear();
  return part;
}

// The values worth trying: all of them, or the extreme one where cost can only grow with it. No rule holds for what is
// measured.
std::vector<ChoiceValue> candidates(const StageChoices::Key& key, const Costing& costing, Extreme extreme) {
  if (costing.latency) return key.values;
  if (!cost_is_monotone_in(key.name) || key.name == "skip") {
    return key.name == "skip" ? std::vector<ChoiceValue>{key.values[0]} : key.values;
  }
  const auto [low, high] = std::minmax_element(key.values.begin(), key.values.end());
  return {extreme == Extreme::kCheapest ? *low : *high};
}

using Values = std::function<std::vector<ChoiceValue>(const StageChoices::Key&)>;

std::vector<StageValues> combinations(const StageChoices& choices, const Values& values_of,
                                      std::string_view where) {
  std::vector<StageValues> all{{}};
  for (const StageChoices::Key& key : choices.keys) {
    std::vector<StageValues> longer;
    const std::vector<ChoiceValue> values = values_of(key);
    if (all.size() * values.size() > kMostCombinations) {
      throw spec::Error(
          spec::ErrorKind::kUsage, where,
          fmt::format("a stage offers more than {} combinations of operator, stride, channels and "
                      "expansion",
                      kMostCombinations),
          "shorten its lists");
    }
    for (const StageValues& start : all) {
      for (const ChoiceValue& value : values) {
        longer.push_back(start);
        longer.back().push_back(value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

bool better(std::int64_t a, std::int64_t b, Extreme extreme) {
  return extreme == Extreme::kCheapest ? a < b : a > b;
}

using Ways = std::map<State, Way>;

Ways through_stage(const Ways& before, const ArchSpec& bare, const StageChoices& choices,
                   const Costing& costing, Extreme extreme, std::string_view where) {
  Ways after;
  const auto worth_trying = [&](const StageChoices::Key& key) { return candidates(key, costing, extreme); };
  for (const StageValues& values : combinations(choices, worth_trying, where)) {
    ArchSpec part = bare;
    part.stages = {build_stage(choices, values, where)};
    for (const auto& [input, way] : before) {
      const auto [cost, output] = cost_of_part(part, input, costing);
      const auto [found, is_new] = after.try_emplace(output);
      if (!is_new && !better(way.cost + cost, found->second.cost, extreme)) continue;
      found->second = {way.cost + cost, way.values};
      found->second.values.push_back(values);
    }
  }
  return after;
}

Way best_way(const ArchSpec& skeleton, const std::vector<StageChoices>& stages, const Costing& costing,
             Extreme extreme, std::string_view where) {
  const ArchSpec bare = without_stages(skeleton);
  ArchSpec stem = bare;
  stem.stem = skeleton.stem;
  const auto [stem_cost, start] = cost_of_part(stem, {skeleton.input_channels, skeleton.resolution}, costing);
  Ways ways{{start, Way{stem_cost, {}}}};
  for (const StageChoices& choices : stages)
    ways = through_stage(ways, bare, choices, costing, extreme, where);

  ArchSpec head = bare;
  head.head = skeleton.head;
  const Way* best = nullptr;
  std::int64_t best_cost = 0;
  for (const auto& [state, way] : ways) {
    const auto [head_cost, output] = cost_of_part(head, state, costing);
    const std::int64_t classifier = costing.latency ? costing.latency->of_tail(skeleton.classes, output)
                                    : costing.kind == spec::CostKind::kActivations
                                        ? 0
                                        : std::int64_t{output.channels} * skeleton.classes;
    const std::int64_t total = way.cost + head_cost + classifier;
    if (best && !better(total, best_cost, extreme)) continue;
    best = &way;
    best_cost = total;
  }
  return {best_cost, best->values};
}

// The stages with what is tied fixed to one value, in every way that may be the best.
std::vector<std::vector<StageChoices>> untied(const std::vector<StageChoices>& stages,
                                              const std::vector<Tie>& ties, const Costing& costing,
                                              Extreme extreme, std::string_view where) {
  std::vector<std::vector<StageChoices>> all{stages};
  for (const Tie& tie : ties) {
    std::vector<std::vector<StageChoices>> longer;
    for (const std::vector<StageChoices>& start : all) {
      for (const ChoiceValue& value :
           candidates(start[tie.source_stage].keys[tie.source_key], costing, extreme)) {
        longer.push_back(start);
        longer.back()[tie.source_stage].keys[tie.source_key].values = {value};
        longer.back()[tie.stage].keys[tie.key].values = {value};
      }
    }
    if (longer.size() > kMostTiedCases) {
      throw spec::Error(spec::ErrorKind::kUsage, where,
                        fmt::format("its ties make more than {} cases", kMostTiedCases),
                        "tie fewer keys, or shorten their lists");
    }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

spec::Stage build_stage(const StageChoices& choices, const StageValues& values, std::string_view where) {
  spec::Stage stage;
  for (std::size_t i = 0; i < choices.keys.size(); ++i)
    set_choice(stage, choices.keys[i].name, values[i], where);
  drop_foreign_fields(stage);
  return stage;
}

std::vector<StageValues> extreme_member(const ArchSpec& skeleton, const std::vector<StageChoices>& stages,
                                        const std::vector<Tie>& ties, const Costing& costing, Extreme extreme,
                                        std::string_view where) {
  std::optional<Way> best;
  for (const std::vector<StageChoices>& fixed : untied(stages, ties, costing, extreme, where)) {
    Way way = best_way(skeleton, fixed, costing, extreme, where);
    if (!best || better(way.cost, best->cost, extreme)) best = std::move(way);
  }
  return best->values;
}

std::vector<std::string> possible_parts(const ArchSpec& skeleton, const std::vector<StageChoices>& stages,
                                        std::string_view where) {
  const ArchSpec bare = without_stages(skeleton);
  std::set<std::string> parts;
  // Behind these stages, from any of these states.
  const auto walk = [&](const std::set<State>& before, std::vector<spec::Stage> row) {
    std::set<State> after;
    for (const State& input : before) {
      ArchSpec part = bare;
      part.input_channels = input.channels;
      part.resolution = input.size;
      part.stages = row;
      scaling::Blocks blocks = scaling::blocks_of(part);
      parts.insert(blocks.texts.begin(), blocks.texts.end());
      after.insert(blocks.end);
    }
    return after;
  };
  std::set<State> states = walk({{skeleton.input_channels, skeleton.resolution}}, skeleton.stem);
  const auto all = [](const StageChoices::Key& key) { return key.values; };
  for (const StageChoices& choices : stages) {
    std::set<State> after;
    for (const StageValues& values : combinations(choices, all, where))
      after.merge(walk(states, {build_stage(choices, values, where)}));
    states = std::move(after);
  }
  for (const State& state : walk(states, skeleton.head))
    parts.insert(scaling::tail_text(skeleton.classes, state));
  return {parts.begin(), parts.end()};
}

}  // namespace effnet::search
