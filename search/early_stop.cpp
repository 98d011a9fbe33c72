#include "search/early_stop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/error.h"

namespace effnet::search {
namespace {

constexpr std::array<EarlyStop, 3> kRules{EarlyStop::kNone, EarlyStop::kMedian, EarlyStop::kHalving};
constexpr std::size_t kFewest = 4;  // scores at a rung before anything is stopped there

// The mean of the two in the middle of an even number.
double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

std::string_view to_text(EarlyStop rule) {
  switch (rule) {
    case EarlyStop::kNone:
      return "none";
    case EarlyStop::kMedian:
      return "median";
    case EarlyStop::kHalving:
      return "halving";
  }
  return "?";
}

EarlyStop parse_early_stop(std::string_view text, std::string_view where) {
  for (const EarlyStop rule : kRules) {
    if (to_text(rule) == text) return rule;
  }
  throw spec::Error(spec::ErrorKind::kUsage, where, fmt::format("unknown rule '{}'", text),
                    "expected: none, median or halving");
}

std::vector<int> rung_epochs(EarlyStop rule, int epochs) {
  std::vector<int> rungs;
  if (rule == EarlyStop::kMedian) {
    for (int epoch = 1; epoch < epochs; ++epoch) rungs.push_back(epoch);
  } else if (rule == EarlyStop::kHalving) {
    for (int epoch = epochs / 2; epoch >= 1; epoch /= 2) rungs.insert(rungs.begin(), epoch);
  }
  return rungs;
}

std::vector<spec::Rung> rungs_after(EarlyStop rule, int epochs, std::span<const spec::Outcome> known) {
  std::vector<spec::Rung> rungs;
  for (const int epoch : rung_epochs(rule, epochs)) {
    const std::size_t rung = rungs.size();
    std::vector<double> scores;
    for (const spec::Outcome& outcome : known) {
      if (outcome.rungs.size() > rung)
        scores.push_back(outcome.rungs[rung]);
      else if (rule == EarlyStop::kMedian && outcome.kind == spec::OutcomeKind::kStoppedEarly)
        scores.push_back(0);
    }
    rungs.push_back({epoch, scores.size() < kFewest ? 0 : median(std::move(scores))});
  }
  return rungs;
}

std::optional<double> expected_accuracy(const spec::Outcome& stopped, std::span<const spec::Outcome> known) {
  if (stopped.rungs.empty()) return std::nullopt;
  const std::size_t rung = stopped.rungs.size() - 1;
  std::vector<double> gains;
  for (const spec::Outcome& outcome : known) {
    if (outcome.scored() && outcome.rungs.size() > rung)
      gains.push_back(outcome.accuracy - outcome.rungs[rung]);
  }
  if (gains.empty()) return std::nullopt;
  return std::clamp(stopped.rungs[rung] + median(std::move(gains)), 0.0, 100.0);
}

}  // namespace effnet::search
