// A recurrent policy over a sequence of choices, with its gradient: the controller of NASNet (Zoph et al., arXiv 1707.07012)
// and MnasNet. Step d decides dimension d; it sees all decisions before it through the state of an LSTM (Hochreiter and
// Schmidhuber 1997, with a forget gate):
//
//   x_d = embedding of the option taken at step d - 1 (a start vector at d = 0)
//   i, f, o = sigmoid(W (x, h) + b), g = tanh(W (x, h) + b)      c = f c + i g      h = o tanh(c)
//   p(option | options before) = softmax(V_d h + v_d)
//
// Everything is double and in one order: the same seed gives the same policy on one kind of machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "spec/random_stream.h"

namespace effnet::search {

class LstmPolicy {
 public:
  using Options = std::vector<std::size_t>;  // one a dimension

  // counts: options a dimension. Parameters start uniform in -0.1 .. 0.1, so every option is about equally likely.
  LstmPolicy(std::vector<std::size_t> counts, std::size_t hidden, std::uint64_t seed);

  Options draw(spec::RandomStream& random) const;

  // p(option | options before) at every step along `options`; one row a dimension.
  std::vector<std::vector<double>> probabilities(const Options& options) const;

  // Adds to `gradient` that of the sum over the steps d of
  //   weights[d] * log p(option | options before) + entropy_weight * entropy of the step's softmax.
  void add_gradient(const Options& options, const std::vector<double>& weights, double entropy_weight,
                    std::vector<double>& gradient) const;

  std::vector<double>& parameters() { return parameters_; }

 private:
  struct Step;

  std::vector<Step> run(const Options& options) const;
  Step step(std::size_t dimension, std::size_t input, const Step* before) const;

  std::size_t embedding_of(std::size_t dimension, std::size_t option) const;

  std::vector<std::size_t> counts_;
  std::size_t hidden_;
  // Offsets into parameters_: W (4 hidden, 2 hidden) with rows i, f, o, g; b (4 hidden); embeddings (hidden) each, the
  // start vector first; V_d (counts[d], hidden) and v_d (counts[d]).
  std::size_t gate_bias_ = 0, embeddings_ = 0;
  std::vector<std::size_t> heads_, head_biases_, first_embedding_;
  std::vector<double> parameters_;
};

}  // namespace effnet::search
