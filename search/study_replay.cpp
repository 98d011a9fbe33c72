#include "search/study_replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/strategies.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

// Trials 0, 1, 2 .. up to the first that is missing.
int without_gap(const std::vector<TrialResult>& results) {
  int count = 0;
  while (count < static_cast<int>(results.size()) &&
         results[static_cast<std::size_t>(count)].trial.number == count)
    ++count;
  return count;
}

}  // namespace

StudyReplay replay(const Space& space, const StudyConfig& config, const std::vector<TrialResult>& results,
                   int beliefs, int recommendations, const std::function<void(double)>& progress) {
  const std::unique_ptr<Strategy> strategy = make_strategy(config.strategy, space, config.objective);
  const int trials = without_gap(results);
  StudyReplay replay;
  int told = 0;
  std::vector<spec::Outcome> known;
  const auto tell = [&] {
    const TrialResult& result = results[static_cast<std::size_t>(told)];
    strategy->tell(told++, result.trial.candidate.choices, told_reward(config, known, result));
    known.push_back(result.outcome);
    const bool wanted = told == trials || told * beliefs / trials > (told - 1) * beliefs / trials;
    if (!wanted) return;
    if (Belief belief = strategy->belief(); !belief.values.empty())
      replay.beliefs.push_back({told, std::move(belief)});
    if (progress) progress(static_cast<double>(told) / trials);
  };
  for (int n = 0; n < trials; ++n) {
    while (told <= n - config.lag) tell();
    const spec::Choices asked =
        strategy->ask({n, spec::derive_seed(config.seed, "ask", static_cast<std::uint64_t>(n))});
    if (asked == results[static_cast<std::size_t>(n)].trial.candidate.choices) continue;
    throw spec::Error(spec::ErrorKind::kBadData, fmt::format("study '{}'", config.name),
                      fmt::format("its trial {} is not what the strategy '{}' asks for", n, config.strategy),
                      "the study was run by another version of the program");
  }
  while (told < trials) tell();
  replay.recommended = strategy->recommend(recommendations);
  return replay;
}

}  // namespace effnet::search
