#include "search/lstm_policy.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace effnet;
using search::LstmPolicy;

namespace {

// What add_gradient() differentiates.
double objective(const LstmPolicy& policy, const LstmPolicy::Options& options,
                 const std::vector<double>& weights, double entropy_weight) {
  double sum = 0;
  const std::vector<std::vector<double>> steps = policy.probabilities(options);
  for (std::size_t d = 0; d < steps.size(); ++d) {
    sum += weights[d] * std::log(steps[d][options[d]]);
    for (const double p : steps[d]) sum -= entropy_weight * p * std::log(p);
  }
  return sum;
}

// Parameters large enough for gates and softmaxes to bend.
LstmPolicy bent_policy() {
  LstmPolicy policy({3, 2, 4}, 5, 11);
  for (double& parameter : policy.parameters()) parameter *= 8;
  return policy;
}

}  // namespace

TEST_CASE("the policy's gradient is that of central differences, parameter by parameter") {
  LstmPolicy policy = bent_policy();
  const LstmPolicy::Options options{2, 0, 3};
  const std::vector<double> weights{0.7, -1.3, 2};
  std::vector<double> gradient(policy.parameters().size());
  policy.add_gradient(options, weights, 0.4, gradient);
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    double& parameter = policy.parameters()[i];
    const double at = parameter;
    parameter = at + kStep;
    const double above = objective(policy, options, weights, 0.4);
    parameter = at - kStep;
    const double below = objective(policy, options, weights, 0.4);
    parameter = at;
    INFO("parameter " << i);
    REQUIRE(gradient[i] == Catch::Approx((above - below) / (2 * kStep)).margin(1e-8).epsilon(1e-6));
  }
}

TEST_CASE("the policy draws each sequence as often as its probability says") {
  const LstmPolicy policy = bent_policy();
  const LstmPolicy::Options wanted{1, 1, 2};
  double probability = 1, all = 0;
  const std::vector<std::vector<double>> steps = policy.probabilities(wanted);
  for (std::size_t d = 0; d < steps.size(); ++d) probability *= steps[d][wanted[d]];
  for (const double p : steps[2]) all += p;
  CHECK(all == Catch::Approx(1));
  constexpr int kDraws = 20'000;
  int seen = 0;
  spec::RandomStream random(3);
  for (int i = 0; i < kDraws; ++i) seen += policy.draw(random) == wanted;
  const double expected = probability * kDraws;
  CHECK(std::abs(seen - expected) < 4 * std::sqrt(expected));
}

TEST_CASE("a decision depends on those before it and not on those after") {
  const LstmPolicy policy = bent_policy();
  const auto a = policy.probabilities({0, 0, 0}), b = policy.probabilities({0, 1, 3}),
             c = policy.probabilities({2, 1, 3});
  CHECK(a[0] == b[0]);
  CHECK(a[1] == b[1]);
  CHECK(a[2] != b[2]);
  CHECK(b[1] != c[1]);
}
