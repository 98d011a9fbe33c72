#include "search/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "search/list.h"
#include "spec/error.h"

namespace effnet::search {
namespace {

constexpr int kTriesANet = 200;  // before the space counts as used up

void check(const CalibrationConfig& config) {
  if (config.nets < 3)
    throw spec::Error(spec::ErrorKind::kUsage, "--calibrate", "an order needs at least 3 nets");
  if (config.long_budget.total_pictures() <= config.short_budget.total_pictures()) {
    throw spec::Error(spec::ErrorKind::kUsage, "--calibrate-epochs",
                      fmt::format("{} epochs are not longer than the search's own {}",
                                  config.long_budget.epochs, config.short_budget.epochs),
                      "name more");
  }
}

std::vector<spec::Candidate> draw(const CalibrationConfig& config, const Space& space) {
  spec::RandomStream random(spec::derive_seed(config.seed, "calibration"));
  std::vector<spec::Candidate> nets;
  std::set<std::string> seen;
  for (int tries = 0; static_cast<int>(nets.size()) < config.nets && tries < kTriesANet * config.nets;
       ++tries) {
    spec::Candidate net = space.candidate(space.sample(random));
    if (seen.insert(spec::to_text(net.arch)).second) nets.push_back(std::move(net));
  }
  return nets;
}

std::vector<TrialResult> train(const CalibrationConfig& config, const std::string& name,
                               const std::vector<spec::Candidate>& nets, const spec::Budget& budget,
                               store::TrialStore& store, const BaselineSearchRun& run) {
  CandidateList list(nets);
  StudyConfig study_config;
  study_config.name = name;
  study_config.seed = spec::derive_seed(config.seed, name);
  study_config.trials = list.size();
  study_config.lag = config.lag;
  study_config.budget = budget;
  study_config.objective = accuracy_only();
  study_config.identical = IdenticalNets::kTrainAgain;
  study_config.strategy = "list";
  study_config.details_json = config.details_json;
  Study study(
      study_config, [&](const spec::Choices& choices) { return list.candidate(choices); }, list, store);
  return study.run({.workers = run.workers,
                    .make_evaluator = run.make_evaluator,
                    .observer = run.observer_of ? run.observer_of(name) : nullptr,
                    .stop = run.stop,
                    .claim_life = run.claim_life});
}

double deviation(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  return values.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(values.size() - 1));
}

// Of all scored trials, a trial.
double mean_seconds(const std::vector<TrialResult>& trials) {
  double sum = 0;
  int count = 0;
  for (const TrialResult& trial : trials) {
    if (!trial.outcome.scored()) continue;
    sum += trial.outcome.seconds;
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

}  // namespace

Calibration calibrate(const CalibrationConfig& config, const Space& space, store::TrialStore& store,
                      const BaselineSearchRun& run) {
  check(config);
  const std::vector<spec::Candidate> nets = draw(config, space);
  const auto shorts = train(config, "short", repeated(nets, 2), config.short_budget, store, run);
  const auto longs = train(config, "long", nets, config.long_budget, store, run);

  Calibration result;
  std::vector<double> first, second, in_earnest, means;
  double squares = 0;
  for (std::size_t i = 0; i < nets.size(); ++i) {
    const spec::Outcome &a = shorts[i].outcome, &b = shorts[i + nets.size()].outcome, &c = longs[i].outcome;
    if (!a.scored() || !b.scored() || !c.scored()) {
      ++result.failed;
      continue;
    }
    result.nets.push_back({nets[i], a.accuracy, b.accuracy, c.accuracy});
    first.push_back(a.accuracy);
    second.push_back(b.accuracy);
    in_earnest.push_back(c.accuracy);
    means.push_back((a.accuracy + b.accuracy) / 2);
    squares += (a.accuracy - b.accuracy) * (a.accuracy - b.accuracy);
  }
  if (result.nets.empty()) {
    throw spec::Error(spec::ErrorKind::kFailed, "calibration", "no net was scored in all of its runs",
                      longs.front().outcome.message);
  }
  result.tau = rank_agreement(first, in_earnest, config.seed);
  result.repeat_tau = rank_agreement(first, second, config.seed);
  result.seed_noise = std::sqrt(squares / 2 / static_cast<double>(result.nets.size()));
  result.spread = deviation(means);
  const double short_seconds = mean_seconds(shorts);
  if (short_seconds > 0) result.cost_ratio = mean_seconds(longs) / short_seconds;
  std::stable_sort(result.nets.begin(), result.nets.end(),
                   [](const CalibratedNet& a, const CalibratedNet& b) { return a.long_run > b.long_run; });
  return result;
}

std::string verdict(const Calibration& c) {
  if (c.tau.nets < 3)
    return fmt::format("Only {} nets were scored throughout; an order needs three.", c.tau.nets);
  std::string text = fmt::format(
      "One short run ranks these {} nets as long training does with Kendall tau {:.2f} (90 % interval {:.2f} "
      "to {:.2f}); "
      "a second short run agrees with the first by {:.2f}. A short run's seed moves a score by {:.2f} "
      "points, the nets "
      "differ by {:.2f} (standard deviations).",
      c.tau.nets, c.tau.tau, c.tau.low, c.tau.high, c.repeat_tau.tau, c.seed_noise, c.spread);
  if (c.cost_ratio > 0)
    text += fmt::format(" A long run takes {:.1f} times a short one's seconds.", c.cost_ratio);
  if (c.tau.low > 0.5) {
    text += " Short training can be trusted to find good nets here.";
  } else if (c.tau.low > 0) {
    text += " Short training tells good nets from bad ones, not near ones apart: retrain several finalists.";
  } else if (c.tau.high < 0.3) {
    text += " Short training says little about these nets: train longer, or widen the space.";
  } else {
    text += " The interval holds chance as well: calibrate with more nets before trusting either way.";
  }
  return text;
}

}  // namespace effnet::search
