// An explanation written down by hand: three trials of a search, two of a random arm, two finalists. Every number in it can
// be found again in what is said of it.
#pragma once

#include "search/explanation.h"

namespace effnet::tests {

inline spec::Candidate made_up_net(double kernel, std::int64_t macs) {
  spec::Candidate net;
  net.choices = {{"stage1.kernel", kernel}};
  net.arch.stages = {{.kernel = static_cast<int>(kernel), .channels = 8}};
  net.cost.macs = macs;
  return net;
}

inline search::TrialResult made_up_trial(int number, double kernel, std::int64_t macs, double accuracy) {
  search::TrialResult result;
  result.trial.number = number;
  result.trial.seed = static_cast<std::uint64_t>(1000 * kernel) + static_cast<std::uint64_t>(number);
  result.trial.candidate = made_up_net(kernel, macs);
  result.outcome.accuracy = accuracy;
  result.reward = accuracy / 100;
  return result;
}

inline search::Explanation made_up_explanation() {
  search::Explanation why;
  why.config.strategy = "reinforce";
  why.config.objective = search::one_cost(search::ObjectiveForm::kHard, 3e6);
  why.search = {made_up_trial(0, 3, 1'000'000, 80), made_up_trial(1, 7, 4'000'000, 83),
                made_up_trial(2, 5, 2'000'000, 85)};
  why.search[1].outcome = {.kind = spec::OutcomeKind::kDiverged, .message = "loss is not finite"};
  why.search[1].reward.reset();
  why.random = {made_up_trial(0, 7, 4'000'000, 82), made_up_trial(1, 3, 1'000'000, 81)};
  search::Finalist first{.candidate = made_up_net(5, 2'000'000),
                         .searched = true,
                         .trial = 2,
                         .first_accuracy = 85,
                         .accuracies = {84, 84.5},
                         .mean_accuracy = 84.25,
                         .reward = .8425};
  search::Finalist second{.candidate = made_up_net(7, 4'000'000),
                          .random = true,
                          .trial = 0,
                          .first_accuracy = 82,
                          .accuracies = {82.5, 83},
                          .mean_accuracy = 82.75,
                          .reward = .8275};
  why.finalists = {first, second};
  why.winner = first;
  why.noise = {.points = 0.36, .runs = 4, .nets = 2};
  why.margin = search::Margin{second, 1.5, 0.36};
  why.model_runs = 8;
  why.effects = {{"stage1.kernel",
                  {{3.0, {-1.5, -2, -1}, 0.8}, {5.0, {1.25, 0.5, 2}, 1.1}, {7.0, {0.25, -0.5, 1}, 1.2}}},
                 {"stage2.se", {{0.0, {-0.1, -0.5, 0.3}, 1}, {0.25, {0.1, -0.3, 0.5}, 1.01}}}};
  why.interactions = {{"stage1.kernel", "stage2.se", 5.0, 0.25, {0.4, 0.1, 0.7}}};
  search::JudgedChange change{
      {"stage1.kernel", 5.0, 3.0, {-3, -4, -2}, made_up_net(3, 1'000'000)}, -3, {0}, 80};
  why.changes = {change};
  why.band = {{.81, .81, .82}, {.81, .82, .82}, {.81, .82, .82}};
  why.last_point = {2, 0.0};
  why.front = {why.random[1], why.search[2]};
  why.dimensions = {{"stage1.kernel", {3.0, 5.0, 7.0}}, {"stage2.se", {0.0, 0.25}}};
  for (const int told : {1, 3}) {
    search::BeliefAt at{told, {search::Belief::Unit::kProbability, {{0.3, 0.4, 0.3}, {0.5, 0.5}}}};
    if (told == 3) at.belief.values = {{0.1, 0.7, 0.2}, {0.4, 0.6}};
    why.replay.beliefs.push_back(at);
  }
  return why;
}

}  // namespace effnet::tests
