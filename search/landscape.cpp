#include "search/landscape.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <numeric>

#include "search/builtin_spaces.h"
#include "search/pareto_scale.h"
#include "search/table_evaluator.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::search {
namespace {

constexpr std::string_view kMacro = "nas-bench-macro", kMadeUp = "made-up";

}  // namespace

Landscape nas_bench_macro() {
  Space space = builtin_space(kMacro);
  const TableMapping mapping{TableKey::kDigits, "arch", {"acc1", "acc2", "acc3"}};
  const auto table =
      std::make_shared<const OutcomeTable>(nas_bench_macro_csv(), std::string(kMacro), mapping, space);
  const auto accuracy = [table](const spec::Candidate& net) {
    const std::vector<double>& runs = *table->runs_of(net);
    return std::accumulate(runs.begin(), runs.end(), 0.0) / static_cast<double>(runs.size());
  };
  const auto one_run = [table](const spec::Candidate& net, std::uint64_t seed) {
    const std::vector<double>& runs = *table->runs_of(net);
    return runs[spec::RandomStream(seed).below(runs.size())];
  };
  double best = 0;
  space.for_each([&](const spec::Choices& choices) {
    best = std::max(best, accuracy({choices, {}, {}}));
    return true;
  });
  return {std::string(kMacro), std::move(space), accuracy_only(), accuracy, one_run, best / 100};
}

Landscape with_front(Landscape landscape, std::vector<spec::CostKind> costs) {
  constexpr double kMostMembers = 100'000;
  if (landscape.space.size() > kMostMembers) {
    throw spec::Error(spec::ErrorKind::kUsage, "--front",
                      fmt::format("the whole front of '{}', which has {:.3g} nets, is not known",
                                  landscape.name, landscape.space.size()),
                      fmt::format("use {}", kMacro));
  }
  landscape.objective = {ObjectiveForm::kPareto, {}};
  for (const spec::CostKind cost : costs)
    landscape.objective.terms.push_back({.cost = cost, .weight = 0, .weight_above = {}});
  check(landscape.objective, "--front");
  const ParetoScale scale = ParetoScale::of(landscape.space, costs);
  std::vector<Gains> points;
  landscape.space.for_each([&](const spec::Choices& choices) {
    const spec::Candidate net = landscape.space.candidate(choices);
    points.push_back(scale.gains(landscape.accuracy(net) / 100, net.cost));
    return true;
  });
  landscape.best_reward = hypervolume(std::move(points));
  return landscape;
}

Landscape landscape(std::string_view name) {
  if (name == kMacro) return nas_bench_macro();
  if (name == kMadeUp) return made_up_landscape(1);
  if (const std::string prefix = std::string(kMadeUp) + ":"; name.starts_with(prefix)) {
    std::uint64_t seed = 0;
    const char* last = name.data() + name.size();
    const auto [end, error] = std::from_chars(name.data() + prefix.size(), last, seed);
    if (error == std::errc() && end == last) return made_up_landscape(seed);
  }
  throw spec::Error(spec::ErrorKind::kUsage, "--landscape", fmt::format("unknown landscape '{}'", name),
                    spec::did_you_mean(name, {std::string(kMacro), std::string(kMadeUp), "made-up:SEED"}));
}

}  // namespace effnet::search
