// REINFORCE on independent softmaxes, one a choice (Williams 1992; the policy of ProxylessNAS, arXiv
// 1812.00332):
//
//   logits += lr * (advantage * grad log p(choice) + entropy weight * grad entropy)
//   advantage = (reward - baseline) / spread, both exponential averages of the rewards told so far
//
// Dividing by the spread makes the learning rate mean the same for accuracies that differ by 0.1 and by 10
// points.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "search/strategies.h"

namespace effnet::search {
namespace {

constexpr double kLearningRate = 0.1;
constexpr double kBaselineDecay = 0.9;
constexpr double kEntropyWeight = 0.02;
constexpr double kMostAdvantage = 3;  // one lucky or unlucky trial must not decide
constexpr int kTries = 1000;

class Reinforce final : public Strategy {
 public:
  explicit Reinforce(const Space& space) : space_(space) {
    for (const Dimension& dimension : space.dimensions()) logits_.emplace_back(dimension.values.size(), 0.0);
  }

  spec::Choices ask(const AskContext& context) override {
    spec::RandomStream random(context.seed);
    for (int attempt = 0; attempt < kTries; ++attempt) {
      spec::Choices choices;
      for (std::size_t d = 0; d < logits_.size(); ++d) {
        const auto& [name, values] = space_.dimensions()[d];
        choices[name] = values[random.weighted(probabilities(logits_[d]))];
      }
      if (space_.within_limits(choices)) return choices;
    }
    return space_.sample(random);
  }

  void tell(int, const spec::Choices& choices, std::optional<double> reward) override {
    const double step = kLearningRate * advantage(reward);
    for (std::size_t d = 0; d < logits_.size(); ++d) {
      const auto& [name, values] = space_.dimensions()[d];
      const std::vector<double> p = probabilities(logits_[d]);
      double entropy = 0;
      for (const double pi : p) entropy -= pi * std::log(pi);
      for (std::size_t i = 0; i < p.size(); ++i) {
        const double chosen = choices.at(name) == values[i] ? 1 : 0;
        const double entropy_gradient = -p[i] * (std::log(p[i]) + entropy);
        logits_[d][i] += step * (chosen - p[i]) + kLearningRate * kEntropyWeight * entropy_gradient;
      }
    }
  }

  std::string state_note() const override {
    double certain = 0;
    for (const std::vector<double>& logits : logits_) {
      double most = 0;
      for (const double p : probabilities(logits)) most = std::max(most, p);
      certain += most / static_cast<double>(logits_.size());
    }
    return fmt::format("likeliest values at {:.0f} % on average", 100 * certain);
  }

 private:
  // A failed trial counts as the worst that a scored one can.
  double advantage(std::optional<double> reward) {
    if (!reward) return told_ == 0 ? 0 : -kMostAdvantage;
    if (told_++ == 0) {
      baseline_ = *reward;
      return 0;
    }
    const double distance = *reward - baseline_;
    // The averages start from the first reward; early on the newest weighs as in a plain mean.
    const double weight = std::max(1 - kBaselineDecay, 1.0 / told_);
    variance_ += weight * (distance * distance - variance_);
    baseline_ += weight * distance;
    if (variance_ <= 0) return 0;
    return std::clamp(distance / std::sqrt(variance_), -kMostAdvantage, kMostAdvantage);
  }

  static std::vector<double> probabilities(const std::vector<double>& logits) {
    const double most = *std::max_element(logits.begin(), logits.end());
    std::vector<double> p;
    double sum = 0;
    for (const double logit : logits) sum += p.emplace_back(std::exp(logit - most));
    for (double& value : p) value = std::max(value / sum, 1e-12);
    return p;
  }

  const Space& space_;
  std::vector<std::vector<double>> logits_;  // one a value, one row a dimension
  int told_ = 0;
  double baseline_ = 0, variance_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_reinforce(const Space& space, int, const Objective&) {
  return std::make_unique<Reinforce>(space);
}

}  // namespace effnet::search
