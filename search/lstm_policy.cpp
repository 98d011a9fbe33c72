#include "search/lstm_policy.h"

#include <algorithm>
#include <cmath>

namespace effnet::search {
namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

std::vector<double> softmax(std::vector<double> values) {
  const double most = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - most);
  for (double& value : values) value /= sum;
  return values;
}

}  // namespace

// What one step computed. Vectors of `hidden` but for gates (4 hidden, activated) and probabilities.
struct LstmPolicy::Step {
  std::size_t input = 0;  // offset of the embedding that came in
  std::vector<double> gates, cell, state, probabilities;
};

LstmPolicy::LstmPolicy(std::vector<std::size_t> counts, std::size_t hidden, std::uint64_t seed)
    : counts_(std::move(counts)), hidden_(hidden) {
  std::size_t size = 0;
  const auto reserve = [&](std::size_t count) {
    size += count;
    return size - count;
  };
  reserve(4 * hidden * 2 * hidden);
  gate_bias_ = reserve(4 * hidden);
  embeddings_ = reserve(hidden);
  for (const std::size_t count : counts_) {
    first_embedding_.push_back(reserve(count * hidden));
    heads_.push_back(reserve(count * hidden));
    head_biases_.push_back(reserve(count));
  }
  spec::RandomStream random(seed);
  for (std::size_t i = 0; i < size; ++i) parameters_.push_back(random.uniform(-0.1, 0.1));
}

std::size_t LstmPolicy::embedding_of(std::size_t dimension, std::size_t option) const {
  return first_embedding_[dimension] + option * hidden_;
}

LstmPolicy::Step LstmPolicy::step(std::size_t dimension, std::size_t input, const Step* before) const {
  Step step{input,
            std::vector<double>(4 * hidden_),
            std::vector<double>(hidden_),
            std::vector<double>(hidden_),
            {}};
  const double* x = &parameters_[input];
  for (std::size_t row = 0; row < 4 * hidden_; ++row) {
    const double* weights = &parameters_[row * 2 * hidden_];
    double sum = parameters_[gate_bias_ + row];
    for (std::size_t k = 0; k < hidden_; ++k) sum += weights[k] * x[k];
    if (before) {
      for (std::size_t k = 0; k < hidden_; ++k) sum += weights[hidden_ + k] * before->state[k];
    }
    step.gates[row] = row < 3 * hidden_ ? sigmoid(sum) : std::tanh(sum);
  }
  for (std::size_t k = 0; k < hidden_; ++k) {
    const double kept = before ? step.gates[hidden_ + k] * before->cell[k] : 0;
    step.cell[k] = kept + step.gates[k] * step.gates[3 * hidden_ + k];
    step.state[k] = step.gates[2 * hidden_ + k] * std::tanh(step.cell[k]);
  }
  std::vector<double> logits;
  for (std::size_t option = 0; option < counts_[dimension]; ++option) {
    const double* weights = &parameters_[heads_[dimension] + option * hidden_];
    double logit = parameters_[head_biases_[dimension] + option];
    for (std::size_t k = 0; k < hidden_; ++k) logit += weights[k] * step.state[k];
    logits.push_back(logit);
  }
  step.probabilities = softmax(std::move(logits));
  return step;
}

LstmPolicy::Options LstmPolicy::draw(spec::RandomStream& random) const {
  Options options;
  Step last;
  for (std::size_t d = 0; d < counts_.size(); ++d) {
    last = step(d, d == 0 ? embeddings_ : embedding_of(d - 1, options.back()), d == 0 ? nullptr : &last);
    options.push_back(random.weighted(last.probabilities));
  }
  return options;
}

std::vector<LstmPolicy::Step> LstmPolicy::run(const Options& options) const {
  std::vector<Step> steps;
  for (std::size_t d = 0; d < counts_.size(); ++d) {
    steps.push_back(step(d, d == 0 ? embeddings_ : embedding_of(d - 1, options[d - 1]),
                         d == 0 ? nullptr : &steps.back()));
  }
  return steps;
}

std::vector<std::vector<double>> LstmPolicy::probabilities(const Options& options) const {
  std::vector<std::vector<double>> rows;
  for (Step& step : run(options)) rows.push_back(std::move(step.probabilities));
  return rows;
}

// Backpropagation through time.
void LstmPolicy::add_gradient(const Options& options, const std::vector<double>& weights,
                              double entropy_weight, std::vector<double>& gradient) const {
  const std::vector<Step> steps = run(options);
  std::vector<double> d_state(hidden_), d_cell(hidden_), d_gates(4 * hidden_);
  for (std::size_t d = steps.size(); d-- > 0;) {
    const Step& now = steps[d];
    const Step* before = d > 0 ? &steps[d - 1] : nullptr;
    double entropy = 0;
    for (const double p : now.probabilities) entropy -= p > 0 ? p * std::log(p) : 0;
    for (std::size_t option = 0; option < counts_[d]; ++option) {
      const double p = now.probabilities[option];
      const double d_logit = weights[d] * ((option == options[d] ? 1 : 0) - p) -
                             (p > 0 ? entropy_weight * p * (std::log(p) + entropy) : 0);
      const std::size_t head = heads_[d] + option * hidden_;
      gradient[head_biases_[d] + option] += d_logit;
      for (std::size_t k = 0; k < hidden_; ++k) {
        gradient[head + k] += d_logit * now.state[k];
        d_state[k] += d_logit * parameters_[head + k];
      }
    }
    for (std::size_t k = 0; k < hidden_; ++k) {
      const double i = now.gates[k], f = now.gates[hidden_ + k], o = now.gates[2 * hidden_ + k],
                   g = now.gates[3 * hidden_ + k], squashed = std::tanh(now.cell[k]);
      const double cell = d_cell[k] + d_state[k] * o * (1 - squashed * squashed);
      d_gates[k] = cell * g * i * (1 - i);
      d_gates[hidden_ + k] = before ? cell * before->cell[k] * f * (1 - f) : 0;
      d_gates[2 * hidden_ + k] = d_state[k] * squashed * o * (1 - o);
      d_gates[3 * hidden_ + k] = cell * i * (1 - g * g);
      d_cell[k] = cell * f;
      d_state[k] = 0;
    }
    for (std::size_t row = 0; row < 4 * hidden_; ++row) {
      const std::size_t gate = row * 2 * hidden_;
      gradient[gate_bias_ + row] += d_gates[row];
      for (std::size_t k = 0; k < hidden_; ++k) {
        gradient[gate + k] += d_gates[row] * parameters_[now.input + k];
        gradient[now.input + k] += d_gates[row] * parameters_[gate + k];
      }
      if (!before) continue;
      for (std::size_t k = 0; k < hidden_; ++k) {
        gradient[gate + hidden_ + k] += d_gates[row] * before->state[k];
        d_state[k] += d_gates[row] * parameters_[gate + hidden_ + k];
      }
    }
  }
}

}  // namespace effnet::search
