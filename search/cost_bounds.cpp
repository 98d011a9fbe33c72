#include "search/cost_bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <map>
#include <optional>

#include "scaling/cost_model.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

using spec::ArchSpec;
using spec::ChoiceValue;

constexpr std::size_t kMostCombinations = 100'000;
constexpr std::size_t kMostTiedCases = 4096;

struct State {  // the tensor between two stages
  int channels = 0;
  int size = 0;
  auto operator<=>(const State&) const = default;
};

struct Way {  // the best way to a state
  std::int64_t cost = 0;
  std::vector<StageValues> values;
};

// Cost of `sections` alone, fed with `input`; and the state they leave behind.
std::pair<std::int64_t, State> cost_of_part(ArchSpec part, State input, spec::CostKind kind) {
  part.input_channels = input.channels;
  part.resolution = input.size;
  part.classes = 1;
  const scaling::CostReport report = scaling::count(part);
  const State output{spec::channels_before_classifier(part), report.last_map};
  // What the classifier for one class costs, which is no part of it.
  const std::int64_t classifier = kind == spec::CostKind::kMacs     ? output.channels
                                  : kind == spec::CostKind::kParams ? output.channels + 1
                                                                    : 1;
  return {spec::cost_of(report.total, kind) - classifier, output};
}

ArchSpec without_stages(const ArchSpec& skeleton) {
  ArchSpec part = skeleton;
  part.stem.clear();
  part.stages.clear();
  part.head.clear();
  return part;
}

// The values worth trying: all of them, or the extreme one where cost can only grow with it.
std::vector<ChoiceValue> candidates(const StageChoices::Key& key, Extreme extreme) {
  if (!cost_is_monotone_in(key.name) || key.name == "skip") {
    return key.name == "skip" ? std::vector<ChoiceValue>{key.values[0]} : key.values;
  }
  const auto [low, high] = std::minmax_element(key.values.begin(), key.values.end());
  return {extreme == Extreme::kCheapest ? *low : *high};
}

std::vector<StageValues> combinations(const StageChoices& choices, Extreme extreme, std::string_view where) {
  std::vector<StageValues> all{{}};
  for (const StageChoices::Key& key : choices.keys) {
    std::vector<StageValues> longer;
    const std::vector<ChoiceValue> values = candidates(key, extreme);
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

Ways through_stage(const Ways& before, const ArchSpec& bare, const StageChoices& choices, spec::CostKind kind,
                   Extreme extreme, std::string_view where) {
  Ways after;
  for (const StageValues& values : combinations(choices, extreme, where)) {
    ArchSpec part = bare;
    part.stages = {build_stage(choices, values, where)};
    for (const auto& [input, way] : before) {
      const auto [cost, output] = cost_of_part(part, input, kind);
      const auto [found, is_new] = after.try_emplace(output);
      if (!is_new && !better(way.cost + cost, found->second.cost, extreme)) continue;
      found->second = {way.cost + cost, way.values};
      found->second.values.push_back(values);
    }
  }
  return after;
}

Way best_way(const ArchSpec& skeleton, const std::vector<StageChoices>& stages, spec::CostKind kind,
             Extreme extreme, std::string_view where) {
  const ArchSpec bare = without_stages(skeleton);
  ArchSpec stem = bare;
  stem.stem = skeleton.stem;
  const auto [stem_cost, start] = cost_of_part(stem, {skeleton.input_channels, skeleton.resolution}, kind);
  Ways ways{{start, Way{stem_cost, {}}}};
  for (const StageChoices& choices : stages) ways = through_stage(ways, bare, choices, kind, extreme, where);

  ArchSpec head = bare;
  head.head = skeleton.head;
  const Way* best = nullptr;
  std::int64_t best_cost = 0;
  for (const auto& [state, way] : ways) {
    const auto [head_cost, output] = cost_of_part(head, state, kind);
    const std::int64_t classifier =
        kind == spec::CostKind::kActivations ? 0 : std::int64_t{output.channels} * skeleton.classes;
    const std::int64_t total = way.cost + head_cost + classifier;
    if (best && !better(total, best_cost, extreme)) continue;
    best = &way;
    best_cost = total;
  }
  return {best_cost, best->values};
}

// The stages with what is tied fixed to one value, in every way that may be the best.
std::vector<std::vector<StageChoices>> untied(const std::vector<StageChoices>& stages,
                                              const std::vector<Tie>& ties, Extreme extreme,
                                              std::string_view where) {
  std::vector<std::vector<StageChoices>> all{stages};
  for (const Tie& tie : ties) {
    std::vector<std::vector<StageChoices>> longer;
    for (const std::vector<StageChoices>& start : all) {
      for (const ChoiceValue& value : candidates(start[tie.source_stage].keys[tie.source_key], extreme)) {
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
                                        const std::vector<Tie>& ties, spec::CostKind kind, Extreme extreme,
                                        std::string_view where) {
  std::optional<Way> best;
  for (const std::vector<StageChoices>& fixed : untied(stages, ties, extreme, where)) {
    Way way = best_way(skeleton, fixed, kind, extreme, where);
    if (!best || better(way.cost, best->cost, extreme)) best = std::move(way);
  }
  return best->values;
}

}  // namespace effnet::search
