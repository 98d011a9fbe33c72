// Bayesian optimisation with a Gaussian process (Snoek et al., arXiv 1206.2944; on architectures BANANAS, arXiv 1910.11858):
// accuracy is predicted from a net's choices and its free costs, and the next net is the one whose reward is expected to
// improve most on the best so far. Only accuracy is guessed: the objective's cost terms are computed. Trials that are still
// under way count as seen with what is expected of them. Where a front is wanted, the next net is the one by which the
// hypervolume of the front is expected to grow most (Emmerich et al., IEEE CEC 2011), in closed form since costs are known.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "search/accuracy_model.h"
#include "search/expected_gain.h"
#include "search/gaussian_process.h"
#include "search/knee.h"
#include "search/model_effects.h"
#include "search/net_features.h"
#include "search/pareto_scale.h"
#include "search/strategies.h"

namespace effnet::search {
namespace {

constexpr int kFirstTrials = 5;           // random
constexpr std::size_t kMostPoints = 300;  // of the model: an ask must stay quick
constexpr std::size_t kMostFittedPoints = 120;
constexpr int kRounds = 3;  // of moving on from the most promising nets
// From this trial on every fifth has the best net so far run again until it is known whether there is luck, and where there
// is, every tenth has the net run again that would be recommended.
constexpr int kAskAgain = 50, kAskAgainEvery = 5, kLastQuestion = 75, kConfirmEvery = 10;
constexpr int kSameRuns = 4;  // that tell a table of means from one that draws among a few runs
constexpr std::size_t kParents = 12, kChildren = 12, kStrangers = 100;

struct Net {
  spec::Choices choices;
  std::vector<double> features;
  double factor = 1, offset = 0;  // reward = factor * accuracy + offset; of a front, reward is accuracy
  spec::Cost cost;
};

struct Told {
  std::size_t net = 0;  // of nets_
  double accuracy = 0;
};

class Predictor final : public Strategy {
 public:
  Predictor(const Space& space, const Objective& objective)
      : space_(space), objective_(objective), features_(space) {
    if (objective.form == ObjectiveForm::kPareto) front_scale_ = ParetoScale::of(space, costs_of(objective));
  }

  spec::Choices ask(const AskContext& context) override {
    spec::RandomStream random(context.seed);
    spec::Choices next = context.trial < kFirstTrials || told_.size() < 3 ? untried(random)
                         : is_question(context.trial)                     ? best_told()
                         : is_confirmation(context.trial)                 ? recommend(1).front()
                                                                          : best_expected(context, random);
    under_way_[context.trial] = next;
    return next;
  }

  // A failed trial is not asked for again, and teaches nothing else.
  void tell(int trial, const spec::Choices& choices, std::optional<double> reward) override {
    under_way_.erase(trial);
    tried_.insert(choices);
    if (!reward) return;
    auto known = places_.find(choices);
    if (known == places_.end()) {
      Net net = net_of(choices);
      if (net.factor <= 0) return;
      known = places_.emplace(choices, nets_.size()).first;
      nets_.push_back(std::move(net));
    }
    const Net& net = nets_[known->second];
    const Told told{known->second, (*reward - net.offset) / net.factor};
    if (const auto first = std::ranges::find(told_, told.net, &Told::net); first != told_.end()) {
      if (first->accuracy != told.accuracy) luck_ = Luck::kThereIs;
      if (luck_ == Luck::kUnknown && ++same_runs_ == kSameRuns) luck_ = Luck::kNone;
    }
    told_.push_back(told);
    if (told_.size() < next_fit_) return;
    next_fit_ = told_.size() + std::max<std::size_t>(5, told_.size() / 5);
    const Data recent = data(kMostFittedPoints);
    settings_ = fitted(recent.points, recent.accuracies, settings_);
  }

  // The tried nets that are expected to be best. What a net scored beyond the model is partly its own and partly luck, and
  // unless a net was run again nothing says how much: half of it counts, n / (n + 1) of the mean of n runs. Where nets that
  // were run again scored the very same, as in a table of means, there is no luck and all of it counts.
  std::vector<spec::Choices> recommend(int count) const override {
    if (told_.empty()) return {};
    Data known = data(kMostPoints);
    const GaussianProcess model(std::move(known.points), known.accuracies, settings_);
    std::vector<std::pair<double, int>> rewards(nets_.size());  // sum and number
    for (const Told& told : told_) {
      rewards[told.net].first += reward_of(told);
      ++rewards[told.net].second;
    }
    std::vector<double> expected = expected_of_tried(model);
    for (std::size_t i = 0; i < nets_.size(); ++i) {
      const auto& [sum, number] = rewards[i];
      const double own = luck_ == Luck::kNone ? 1 : number / (number + 1.0);
      expected[i] += own * (sum / number - expected[i]);
    }
    const auto wanted = static_cast<std::size_t>(count);
    std::vector<spec::Choices> best;
    for (const std::size_t i : front_scale_
                                   ? nearest_the_knee(tradeoffs(expected), costs_of(objective_), wanted)
                                   : best_of(expected, wanted))
      best.push_back(nets_[i].choices);
    return best;
  }

  Belief belief() const override {
    if (told_.empty()) return {};
    Data known = data(kMostPoints);
    for (double& accuracy : known.accuracies) accuracy *= 100;
    const AccuracyModel model(space_, GaussianProcess(std::move(known.points), known.accuracies, settings_));
    return {Belief::Unit::kPoints, main_effect_means(model)};
  }

  bool asks_again() const override {
    return !front_scale_;
  }  // it stands for many nets, and none is the one to ask for

  std::string state_note() const override {
    return fmt::format("model of {} nets: forgets over {:.2g}, trend {:.2g}, noise {:.2g}", told_.size(),
                       settings_.length, settings_.linear, settings_.noise);
  }

 private:
  struct Data {
    std::vector<std::vector<double>> points;
    std::vector<double> accuracies;
  };

  Net net_of(const spec::Choices& choices) const {
    const spec::Candidate candidate = space_.candidate(choices);
    const std::optional<double> at_0 = reward(objective_, 0, candidate.cost),
                                at_1 = reward(objective_, 1, candidate.cost);
    if (!at_0 || !at_1) return {choices, {}, 0, 0, candidate.cost};
    return {choices, features_.of(candidate), *at_1 - *at_0, *at_0, candidate.cost};
  }

  double reward_of(const Told& told) const {
    return nets_[told.net].factor * told.accuracy + nets_[told.net].offset;
  }

  // What makes a trial worth remembering: its reward, or that it is on the front.
  std::vector<double> merits() const {
    std::vector<double> merits;
    std::vector<Tradeoff> nets;
    for (const Told& told : told_) {
      merits.push_back(front_scale_ ? 0 : reward_of(told));
      if (front_scale_) nets.push_back({told.accuracy, nets_[told.net].cost});
    }
    if (front_scale_) {
      for (const std::size_t i : unbeaten(nets, costs_of(objective_))) merits[i] = 1;
    }
    return merits;
  }

  // The best half of `most` trials and the latest others.
  Data data(std::size_t most) const {
    std::vector<std::size_t> order(told_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (order.size() > most) {
      const std::vector<double> merit = merits();
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return merit[a] > merit[b]; });
      std::sort(order.begin() + static_cast<std::ptrdiff_t>(most / 2), order.end(), std::greater<>());
      order.resize(most);
      std::sort(order.begin(), order.end());
    }
    Data data;
    for (const std::size_t i : order) {
      data.points.push_back(nets_[told_[i].net].features);
      data.accuracies.push_back(told_[i].accuracy);
    }
    return data;
  }

  bool is_question(int trial) const {
    return !front_scale_ && luck_ == Luck::kUnknown && trial >= kAskAgain && trial <= kLastQuestion &&
           (trial - kAskAgain) % kAskAgainEvery == 0;
  }

  bool is_confirmation(int trial) const {
    return !front_scale_ && luck_ == Luck::kThereIs && trial > kAskAgain && trial % kConfirmEvery == 0;
  }

  spec::Choices best_told() const {
    const auto best =
        std::ranges::max_element(told_, {}, [this](const Told& told) { return reward_of(told); });
    return nets_[best->net].choices;
  }

  spec::Choices untried(spec::RandomStream& random) const {
    constexpr int kTries = 20;
    spec::Choices choices = space_.sample(random);
    for (int i = 0; i < kTries && tried_.contains(choices); ++i) choices = space_.sample(random);
    return choices;
  }

  struct Scored {
    Net net;
    double improvement = 0;  // expected, on the best of the tried nets, or of their front's hypervolume
  };

  // Of a net whose accuracy is believed to have this mean and deviation.
  using Improvement = std::function<double(const Net& net, double mean, double deviation)>;

  // Nets that are neither tried nor under way, each once.
  class Pool {
   public:
    Pool(const Predictor& predictor, int trial) : predictor_(predictor) {
      for (const auto& [number, choices] : predictor.under_way_) {
        if (number < trial) seen_.insert(choices);
      }
    }
    void add(spec::Choices choices) {
      if (predictor_.tried_.contains(choices) || !seen_.insert(choices).second) return;
      Net net = predictor_.net_of(choices);
      if (net.factor > 0) fresh_.push_back(std::move(net));
    }
    std::vector<Net> take() { return std::exchange(fresh_, {}); }

   private:
    const Predictor& predictor_;
    std::set<spec::Choices> seen_;
    std::vector<Net> fresh_;
  };

  static std::vector<Scored> scored_by(const GaussianProcess& model, std::vector<Net> nets,
                                       const Improvement& improvement) {
    std::vector<std::vector<double>> points;
    for (const Net& net : nets) points.push_back(net.features);
    const std::vector<GaussianProcess::Belief> beliefs = model.at(points);
    std::vector<Scored> scored;
    for (std::size_t i = 0; i < nets.size(); ++i) {
      const double gain = improvement(nets[i], beliefs[i].mean, beliefs[i].deviation);
      scored.push_back({std::move(nets[i]), gain});
    }
    return scored;
  }

  // The rewards that are expected of nets_. Means alone, which cost a good deal less than deviations.
  std::vector<double> expected_of_tried(const GaussianProcess& model) const {
    std::vector<std::vector<double>> points;
    for (const Net& net : nets_) points.push_back(net.features);
    std::vector<double> expected = model.means_at(points);
    for (std::size_t i = 0; i < nets_.size(); ++i)
      expected[i] = nets_[i].factor * expected[i] + nets_[i].offset;
    return expected;
  }

  // Places of the greatest values, the greatest first.
  static std::vector<std::size_t> best_of(const std::vector<double>& values, std::size_t count) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return values[i]; });
    if (order.size() > count) order.resize(count);
    return order;
  }

  std::vector<Tradeoff> tradeoffs(const std::vector<double>& expected) const {
    std::vector<Tradeoff> all;
    for (std::size_t i = 0; i < nets_.size(); ++i) all.push_back({expected[i], nets_[i].cost});
    return all;
  }

  // On the hypervolume of the tried nets and of those that are under way, all by what is expected of them.
  Improvement on_front(const GaussianProcess& model, const std::vector<double>& expected,
                       const std::vector<Net>& under_way) const {
    std::vector<Gains> front;
    for (std::size_t i = 0; i < nets_.size(); ++i)
      front.push_back(front_scale_->gains(expected[i], nets_[i].cost));
    std::vector<std::vector<double>> points;
    for (const Net& net : under_way) points.push_back(net.features);
    const std::vector<double> means = model.means_at(points);
    for (std::size_t i = 0; i < under_way.size(); ++i)
      front.push_back(front_scale_->gains(means[i], under_way[i].cost));
    return [scale = *front_scale_, gain = ExpectedHypervolumeGain(std::move(front))](
               const Net& net, double mean, double deviation) {
      const Gains gains = scale.gains(mean, net.cost);
      return gain(std::span(gains).first(gains.size() - 1), gains.back(), deviation / (1 - scale.chance));
    };
  }

  // Any few of the expected front, so that all of it is moved on from in the course of a search.
  std::vector<std::size_t> some_of_front(const std::vector<double>& expected,
                                         spec::RandomStream& random) const {
    std::vector<std::size_t> front = unbeaten(tradeoffs(expected), costs_of(objective_));
    for (std::size_t i = 0; i < std::min(kParents, front.size()); ++i)
      std::swap(front[i], front[i + random.below(front.size() - i)]);
    if (front.size() > kParents) front.resize(kParents);
    return front;
  }

  spec::Choices best_expected(const AskContext& context, spec::RandomStream& random) const {
    Data known = data(kMostPoints);
    GaussianProcess model(std::move(known.points), known.accuracies, settings_);
    std::vector<Net> under_way;
    for (const auto& [number, choices] : under_way_) {
      if (number >= context.trial) continue;
      if (Net net = net_of(choices); net.factor > 0) {
        model.believe(net.features);
        under_way.push_back(std::move(net));
      }
    }
    // What tried nets are worth is expected, too, rather than observed: an observation may have been lucky.
    const std::vector<double> expected = expected_of_tried(model);
    const std::vector<std::size_t> first =
        front_scale_ ? some_of_front(expected, random) : best_of(expected, kParents);
    const Improvement improvement =
        front_scale_
            ? on_front(model, expected, under_way)
            : [best = expected[first.front()]](const Net& net, double mean, double deviation) {
                return expected_improvement(net.factor * mean + net.offset, net.factor * deviation, best);
              };

    Pool pool(*this, context.trial);
    for (std::size_t i = 0; i < kStrangers; ++i) pool.add(space_.sample(random));
    const auto add_children = [&](const spec::Choices& parent) {
      for (std::size_t i = 0; i < kChildren; ++i) pool.add(space_.mutate(parent, random));
    };
    for (const std::size_t i : first) add_children(nets_[i].choices);
    std::vector<Scored> best;
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; round > 0 && i < best.size(); ++i) add_children(best[i].net.choices);
      std::vector<Scored> fresh = scored_by(model, pool.take(), improvement);
      std::move(fresh.begin(), fresh.end(), std::back_inserter(best));
      std::ranges::stable_sort(best, std::greater<>(), &Scored::improvement);
      if (best.size() > kParents) best.resize(kParents);
      if (best.empty()) return untried(random);
    }
    return best.front().net.choices;
  }

  enum class Luck { kUnknown, kThereIs, kNone };

  const Space& space_;
  Objective objective_;
  std::optional<ParetoScale> front_scale_;  // where a front is wanted rather than a reward
  NetFeatures features_;
  Luck luck_ = Luck::kUnknown;  // whether a net's accuracy differs from run to run
  int same_runs_ = 0;           // that a net's first run was equal to
  std::vector<Net> nets_;       // that a reward was told of, each once
  std::map<spec::Choices, std::size_t> places_;
  std::vector<Told> told_;
  std::set<spec::Choices> tried_;           // failed ones, too
  std::map<int, spec::Choices> under_way_;  // asked for, not told of
  std::size_t next_fit_ = 8;
  GaussianProcessSettings settings_;
};

}  // namespace

std::unique_ptr<Strategy> make_predictor(const Space& space, int, const Objective& objective) {
  return std::make_unique<Predictor>(space, objective);
}

}  // namespace effnet::search
