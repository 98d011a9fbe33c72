#include "report/explanation_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/number_text.h"
#include "report/objective_text.h"
#include "spec/recipe_choices.h"

namespace effnet::report {
namespace {

using search::Explanation;
using search::Finalist;
using search::Interval;

// "1.20 M multiply-adds and 40.0 k parameters".
std::string cost_text(const Finalist& net, const Explanation& why) {
  std::string text;
  for (const spec::CostKind kind : search::costs_of(why.config.objective)) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " and ",
                        short_count(static_cast<double>(spec::cost_of(net.candidate.cost, kind))),
                        cost_words(kind));
  }
  return text;
}

std::string interval_text(const Interval& interval) {
  return fmt::format("{:+.2f} points (95 % interval {:+.2f} to {:+.2f})", interval.mean, interval.low,
                     interval.high);
}

std::string plural(int count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string trained(const Explanation& why) {
  int failed = 0, taken_over = 0;
  for (const search::TrialResult& trial : why.search) {
    failed += trial.outcome.scored() ? 0 : 1;
    taken_over += trial.same_as ? 1 : 0;
  }
  std::string text = fmt::format("The search by {}", why.config.strategy);
  if (!why.config.strategy_why.empty()) text += fmt::format(" (chosen since {})", why.config.strategy_why);
  text += fmt::format(" has {}", plural(static_cast<int>(why.search.size()), "trial"));
  if (failed > 0) text += fmt::format(", of which {} failed", failed);
  if (taken_over > 0)
    text += fmt::format(", of which {} asked for a net once more and took over its score", taken_over);
  return text + ".";
}

std::string wanted() {
  return "It was after the whole front of accuracy against cost, for which no one reward is right. The net "
         "that is named is "
         "that at the front's knee, and the reward told here is what it was named by: how far a net lies "
         "above the straight "
         "line between the front's ends, both axes from 0 to 1.";
}

std::string won(const Explanation& why) {
  const Finalist& winner = why.winner;
  std::string runs;
  for (const double accuracy : winner.accuracies)
    runs += fmt::format("{}{:.2f}", runs.empty() ? "" : ", ", accuracy);
  const std::string net = spec::training_text(winner.candidate);
  if (why.finalists.empty()) {
    return fmt::format(
        "No finalist has been trained again yet. The net that the strategy stands for is that of trial {}: "
        "{:.2f} % ({}) at {}, reward {:.4f}. It is {}.",
        winner.trial, winner.mean_accuracy, runs, cost_text(winner, why), winner.reward.value_or(0), net);
  }
  const bool ahead = !why.margin || why.margin->points >= 0;
  return fmt::format(
      "The net of trial {} {}. Trained again with {} it reached {:.2f} % ({}) at {}, reward {:.4f}; its "
      "trial had "
      "{:.2f} %. It is {}.",
      winner.trial, ahead ? "won" : "is the best of the search",
      plural(static_cast<int>(winner.accuracies.size()), "fresh seed"), winner.mean_accuracy, runs,
      cost_text(winner, why), winner.reward.value_or(0), winner.first_accuracy, net);
}

std::string margin(const Explanation& why) {
  const search::Margin& margin = *why.margin;
  const std::string noise =
      why.noise.runs > 0
          ? fmt::format("{} of {} spread by {:.2f} points", plural(why.noise.runs, "run"),
                        plural(why.noise.nets, "net"), why.noise.points)
          : fmt::format("no net was trained twice, and the model takes {:.2f} points for noise",
                        why.noise.points);
  const std::string other =
      fmt::format("{} (trial {} of the {})", margin.points >= 0 ? "the runner-up" : "the best",
                  margin.runner_up.trial, margin.runner_up.searched ? "search" : "random arm");
  const double errors = margin.standard_error > 0 ? std::abs(margin.points) / margin.standard_error : 1e9;
  const std::string verdict = errors < 2
                                  ? "less than two of these: the two cannot be told apart by so few runs"
                                  : "more than two of these: hardly luck";
  return fmt::format(
      "It is {:.2f} points of reward {} {}. The standard error of this difference is {:.2f} points ({}); the "
      "difference is {}.",
      std::abs(margin.points), margin.points >= 0 ? "ahead of" : "behind", other, margin.standard_error,
      noise, verdict);
}

std::string luck(const Explanation& why) {
  const search::LuckBand& band = why.band.back();
  const double best = *search::best_of(why.search)->reward;
  const char* place = best > band.high ? "above that" : best < band.low ? "below that" : "within that";
  const std::string luckier = why.share_of_luckier > 0
                                  ? fmt::format("{:.1f} % of such random searches would get as much or more",
                                                100 * why.share_of_luckier)
                                  : "no trial of the random arm has as much";
  return fmt::format(
      "By luck alone: from the rewards of the random arm's {}, nine of ten random searches of {} would end "
      "with a best "
      "between {:.4f} and {:.4f}. The search's best trial has {:.4f}, {}; {}.",
      plural(static_cast<int>(why.random.size()), "trial"), why.search.size(), band.low, band.high, best,
      place, luckier);
}

bool matters(const search::DimensionEffect& effect) {
  return std::any_of(effect.values.begin(), effect.values.end(),
                     [](const search::ValueEffect& value) { return !value.accuracy.spans_zero(); });
}

void add_effects(std::vector<std::string>& sentences, const Explanation& why) {
  constexpr std::size_t kTold = 3;
  const std::string_view cost = cost_words(why.config.objective.terms.front().cost);
  int unclear = 0;
  std::size_t told = 0;
  for (const search::DimensionEffect& effect : why.effects) {
    if (!matters(effect)) {
      ++unclear;
      continue;
    }
    if (told++ >= kTold) continue;
    const auto best = std::max_element(effect.values.begin(), effect.values.end(),
                                       [](const search::ValueEffect& a, const search::ValueEffect& b) {
                                         return a.accuracy.mean < b.accuracy.mean;
                                       });
    sentences.push_back(fmt::format(
        "{} {}: {} is worth {} of accuracy against the mean of its values, at {:.2f} times the {}.",
        told == 1 ? "The choice that matters most is" : "Next comes", effect.name, spec::to_text(best->value),
        interval_text(best->accuracy), best->cost_ratio, cost));
  }
  std::string text =
      fmt::format("This is what a model says that was fitted to {}.", plural(why.model_runs, "training"));
  if (told == 0)
    text = fmt::format("A model that was fitted to {} finds no choice that matters beyond doubt.",
                       plural(why.model_runs, "training"));
  if (unclear > 0 && told > 0)
    text +=
        fmt::format(" Of {} it cannot say that any value is better than another (all intervals include 0).",
                    plural(unclear, "choice"));
  sentences.push_back(std::move(text));
}

std::string interaction(const Explanation& why) {
  const search::Interaction& pair = why.interactions.front();
  const std::string names = fmt::format("{} = {} and {} = {}", pair.first, spec::to_text(pair.first_value),
                                        pair.second, spec::to_text(pair.second_value));
  if (pair.accuracy.spans_zero())
    return fmt::format("No two choices are known to depend on each other; the strongest pair is {}: {}.",
                       names, interval_text(pair.accuracy));
  return fmt::format("The strongest pair is {}: together {} beyond what each brings alone.", names,
                     interval_text(pair.accuracy));
}

std::string change(const Explanation& why) {
  const search::JudgedChange& best = why.changes.front();
  const std::string what = fmt::format("{} from {} to {}", best.change.name, spec::to_text(best.change.from),
                                       spec::to_text(best.change.to));
  std::string text = best.reward_gain <= 0 ? fmt::format(
                                                 "No single change of the winner is predicted to raise the "
                                                 "reward; the nearest is {} ({:+.2f} points).",
                                                 what, best.reward_gain)
                                           : fmt::format(
                                                 "One change of the winner is predicted to be worth more "
                                                 "than it: {} ({:+.2f} points of reward).",
                                                 what, best.reward_gain);
  if (best.trials.empty()) return text + " That net was not trained.";
  return text +
         fmt::format(" That net was trained in trial {}: {:.2f} %.", best.trials.front(), best.seen_accuracy);
}

std::string last_point(const Explanation& why) {
  return fmt::format(
      "Trial {} was the first within a point of the best reward at the end: the {:.0f} % of the search's "
      "budget after it "
      "bought the last point.",
      why.last_point.trial, 100 * why.last_point.share_after);
}

std::string front(const Explanation& why) {
  const bool on_it = std::any_of(why.front.begin(), why.front.end(), [&](const search::TrialResult& trial) {
    return trial.trial.candidate.arch == why.winner.candidate.arch;
  });
  return fmt::format(
      "{} of all trials lie on the front of accuracy against cost: none that costs as much or less scored as "
      "much. The winner is "
      "{} of them.",
      plural(static_cast<int>(why.front.size()), "net"), on_it ? "one" : "none");
}

}  // namespace

std::vector<std::string> explanation_sentences(const Explanation& why) {
  std::vector<std::string> sentences{trained(why)};
  if (why.config.objective.form == search::ObjectiveForm::kPareto) sentences.push_back(wanted());
  sentences.push_back(won(why));
  if (why.margin) sentences.push_back(margin(why));
  if (!why.band.empty()) sentences.push_back(luck(why));
  add_effects(sentences, why);
  if (!why.interactions.empty()) sentences.push_back(interaction(why));
  if (!why.changes.empty()) sentences.push_back(change(why));
  sentences.push_back(last_point(why));
  sentences.push_back(front(why));
  return sentences;
}

}  // namespace effnet::report
