// The recurrent controller of NASNet (Zoph et al., arXiv 1707.07012) and MnasNet (arXiv 1807.11626): an LSTM decides one
// dimension after the other (lstm_policy.h) and learns by proximal policy optimisation (Schulman et al., arXiv 1707.06347):
// every kBatch trials some steps of Adam up the gradient of
//
//   mean over the batch, sum over decisions of  min(r A, clip(r, 1 - eps, 1 + eps) A) + entropy weight * entropy
//
// with r = p(decision) / p(decision) when it was drawn and the advantage A of search/advantage.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "search/advantage.h"
#include "search/lstm_policy.h"
#include "search/strategies.h"
#include "search/tried_nets.h"

namespace effnet::search {
namespace {

constexpr std::size_t kHidden = 16;
constexpr std::size_t kBatch = 5;
constexpr int kEpochs = 4;  // over a batch
constexpr double kLearningRate = 0.02, kFirstDecay = 0.9, kSecondDecay = 0.99, kEpsilon = 1e-3;
constexpr double kClip = 0.2;
constexpr double kEntropyWeight =
    1.2;  // all decisions together: the more there are, the less a reward says of each
constexpr int kTries = 1000;

class Controller final : public Strategy {
 public:
  explicit Controller(const Space& space)
      : space_(space), policy_(counts(space), kHidden, spec::derive_seed(0, "controller")) {
    const std::size_t size = policy_.parameters().size();
    first_moment_.resize(size);
    second_moment_.resize(size);
  }

  spec::Choices ask(const AskContext& context) override {
    spec::RandomStream random(context.seed);
    for (int attempt = 0; attempt < kTries; ++attempt) {
      const LstmPolicy::Options options = policy_.draw(random);
      spec::Choices choices;
      for (std::size_t d = 0; d < options.size(); ++d)
        choices[space_.dimensions()[d].name] = space_.dimensions()[d].values[options[d]];
      if (!space_.within_limits(choices)) continue;
      drawn_[context.trial] = chosen(options);
      return choices;
    }
    return space_.sample(random);
  }

  void tell(int trial, const spec::Choices& choices, std::optional<double> reward) override {
    if (reward) tried_.add(choices, *reward);
    LstmPolicy::Options options = options_of(choices);
    const auto drawn = drawn_.find(trial);  // not there: the space drew it
    std::vector<double> probabilities = drawn == drawn_.end() ? chosen(options) : std::move(drawn->second);
    if (drawn != drawn_.end()) drawn_.erase(drawn);
    batch_.push_back({std::move(options), std::move(probabilities), advantage_.of(reward)});
    if (batch_.size() < kBatch) return;
    for (int epoch = 0; epoch < kEpochs; ++epoch) climb();
    batch_.clear();
  }

  std::vector<spec::Choices> recommend(int count) const override { return tried_.best(count); }

  // A decision depends on those before it, so its probabilities are averaged over some draws, always the same.
  Belief belief() const override {
    constexpr int kDraws = 64;
    Belief belief{Belief::Unit::kProbability, {}};
    for (const Dimension& dimension : space_.dimensions())
      belief.values.emplace_back(dimension.values.size());
    spec::RandomStream random(1);
    for (int i = 0; i < kDraws; ++i) {
      const auto steps = policy_.probabilities(policy_.draw(random));
      for (std::size_t d = 0; d < steps.size(); ++d) {
        for (std::size_t option = 0; option < steps[d].size(); ++option)
          belief.values[d][option] += steps[d][option] / kDraws;
      }
    }
    return belief;
  }

  std::string state_note() const override { return fmt::format("{} steps of its policy", steps_); }

 private:
  struct Drawn {
    LstmPolicy::Options options;
    std::vector<double> probabilities;  // of each decision, when it was drawn
    double advantage = 0;
  };

  static std::vector<std::size_t> counts(const Space& space) {
    std::vector<std::size_t> counts;
    for (const Dimension& dimension : space.dimensions()) counts.push_back(dimension.values.size());
    return counts;
  }

  LstmPolicy::Options options_of(const spec::Choices& choices) const {
    LstmPolicy::Options options;
    for (const auto& [name, values] : space_.dimensions()) {
      const auto value = std::find(values.begin(), values.end(), choices.at(name));
      options.push_back(static_cast<std::size_t>(value - values.begin()));
    }
    return options;
  }

  // The probabilities of these decisions.
  std::vector<double> chosen(const LstmPolicy::Options& options) const {
    std::vector<double> chosen;
    for (const std::vector<double>& step : policy_.probabilities(options))
      chosen.push_back(std::max(step[options[chosen.size()]], 1e-12));
    return chosen;
  }

  void climb() {
    std::vector<double> gradient(policy_.parameters().size());
    const double share = 1 / static_cast<double>(batch_.size());
    for (const Drawn& drawn : batch_) {
      const std::vector<double> now = chosen(drawn.options);
      std::vector<double> weights;
      for (std::size_t d = 0; d < now.size(); ++d) {
        const double ratio = now[d] / drawn.probabilities[d];
        const bool clipped = drawn.advantage > 0 ? ratio > 1 + kClip : ratio < 1 - kClip;
        weights.push_back(clipped ? 0 : share * ratio * drawn.advantage);
      }
      policy_.add_gradient(drawn.options, weights, share * kEntropyWeight / static_cast<double>(now.size()),
                           gradient);
    }
    ++steps_;
    const double first = 1 - std::pow(kFirstDecay, steps_), second = 1 - std::pow(kSecondDecay, steps_);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      first_moment_[i] += (1 - kFirstDecay) * (gradient[i] - first_moment_[i]);
      second_moment_[i] += (1 - kSecondDecay) * (gradient[i] * gradient[i] - second_moment_[i]);
      policy_.parameters()[i] +=
          kLearningRate * first_moment_[i] / first / (std::sqrt(second_moment_[i] / second) + kEpsilon);
    }
  }

  const Space& space_;
  LstmPolicy policy_;
  Advantage advantage_;
  TriedNets tried_;
  std::map<int, std::vector<double>> drawn_;  // of the trials under way: their decisions' probabilities
  std::vector<Drawn> batch_;
  std::vector<double> first_moment_, second_moment_;
  int steps_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_controller(const Space& space, int, const Objective&) {
  return std::make_unique<Controller>(space);
}

}  // namespace effnet::search
