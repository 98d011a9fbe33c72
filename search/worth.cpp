#include "search/worth.h"

#include "search/knee.h"

namespace effnet::search {

Worth worth_of(const Objective& objective, const std::vector<TrialResult>& search,
               const std::vector<TrialResult>& random) {
  if (objective.form == ObjectiveForm::kPareto) {
    std::vector<TrialResult> both = search;
    both.insert(both.end(), random.begin(), random.end());
    std::vector<Tradeoff> front;
    for (const TrialResult& trial : pareto_front(both, costs_of(objective)))
      front.push_back({trial.outcome.accuracy / 100, trial.trial.candidate.cost});
    if (!front.empty()) {
      return [knee = Knee(front, costs_of(objective))](double accuracy, const spec::Cost& cost) {
        return std::optional(knee.height(accuracy, cost));
      };
    }
  }
  return [objective](double accuracy, const spec::Cost& cost) { return reward(objective, accuracy, cost); };
}

}  // namespace effnet::search
