#include "search/coefficient_fit.h"

#include <fmt/format.h>

#include "search/list.h"

namespace effnet::search {
namespace {

std::string rule_name(const scaling::CompoundRule& rule) {
  return fmt::format("alpha {} beta {} gamma {}", rule.alpha, rule.beta, rule.gamma);
}

StudyConfig study_config(const CoefficientFitConfig& config, int trials) {
  StudyConfig study;
  study.name = "fit";
  study.seed = spec::derive_seed(config.seed, "fit");
  study.trials = trials;
  study.lag = config.lag;
  study.budget = config.budget;
  // Costs are equal by construction, so accuracy alone is the reward: a constraint that always holds.
  study.objective = one_cost(ObjectiveForm::kConstraint, 1e18);
  study.identical = IdenticalNets::kTrainAgain;
  study.strategy = "grid";
  study.details_json = config.details_json;
  return study;
}

}  // namespace

std::vector<scaling::RealisedNet> nets_of_fit(const CoefficientFitConfig& config) {
  const auto realised = scaling::realise(config.baseline.arch, config.grid, config.cost_kind);
  const auto equals = scaling::comparable(realised, config.cost_spread, config.grid.target.value(),
                                          static_cast<std::size_t>(config.max_nets));
  return config.max_nets > 0 ? scaling::spread_out(equals, static_cast<std::size_t>(config.max_nets))
                             : equals;
}

CoefficientFitResult run_coefficient_fit(const CoefficientFitConfig& config, store::TrialStore& store,
                                         const StudyRunOptions& run) {
  const std::vector<scaling::RealisedNet> nets = nets_of_fit(config);
  std::vector<spec::Candidate> candidates;
  for (const scaling::RealisedNet& net : nets) {
    candidates.push_back({{{"net", rule_name(net.rules.front())}}, net.arch, net.cost});
  }
  CandidateList list(repeated(candidates, config.seeds));
  Study study(
      study_config(config, list.size()),
      [&](const spec::Choices& choices) { return list.candidate(choices); }, list, store);

  CoefficientFitResult result;
  result.trials = study.run(run);
  scaling::CoefficientFile& file = result.file;
  file.baseline = config.baseline;
  file.cost_kind = config.cost_kind;
  file.cost_spread = config.cost_spread;
  file.holdout_pictures = config.holdout_pictures;
  for (const scaling::RealisedNet& net : nets) {
    scaling::TrainedNet trained{net, {}};
    for (const TrialResult& trial : result.trials) {
      if (trial.outcome.scored() && trial.trial.candidate.arch == net.arch)
        trained.accuracies.push_back(trial.outcome.accuracy);
    }
    file.nets.push_back(std::move(trained));
  }
  result.choice = scaling::choose(file.nets, config.holdout_pictures);
  file.rule = file.nets[result.choice.winner].net.rules.front();
  return result;
}

}  // namespace effnet::search
