// REINFORCE on independent softmaxes, one a choice (Williams 1992; the policy of ProxylessNAS, arXiv
// 1812.00332):
//
//   logits += lr * (advantage * grad log p(choice) + entropy weight * grad entropy)
// with the advantage of search/advantage.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "search/advantage.h"
#include "search/strategies.h"
#include "search/tried_nets.h"

namespace effnet::search {
namespace {

constexpr double kLearningRate = 0.1;
constexpr double kEntropyWeight = 0.02;
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
    if (reward) tried_.add(choices, *reward);
    const double step = kLearningRate * advantage_.of(reward);
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

  std::vector<spec::Choices> recommend(int count) const override { return tried_.best(count); }

  Belief belief() const override {
    Belief belief{Belief::Unit::kProbability, {}};
    for (const std::vector<double>& logits : logits_) belief.values.push_back(probabilities(logits));
    return belief;
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
  Advantage advantage_;
  TriedNets tried_;
};

}  // namespace

std::unique_ptr<Strategy> make_reinforce(const Space& space, int, const Objective&) {
  return std::make_unique<Reinforce>(space);
}

}  // namespace effnet::search
