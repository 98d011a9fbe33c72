// The optimizers' one pass on every instruction set against the published rules in double, with weight decay on a part,
// pieces and tails.
#include "cpu/optimizer_step.h"

#include <cmath>
#include <vector>

#include "cpu/isa.h"
#include "tests/support/catch.h"

using namespace effnet::cpu;

namespace {

std::vector<float> numbers(Index count, double seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(seed + 0.7 * static_cast<double>(i)));
  return values;
}

// One parameter and what belongs to it.
struct State {
  double parameter, momentum, mean_square, average;
};

State after(State s, double gradient, const OptimizerStep& by, bool decays, bool rmsprop) {
  const double g = gradient * by.gradient_factor + (decays ? by.weight_decay * s.parameter : 0);
  if (rmsprop) {
    s.mean_square = by.mean_square_decay * s.mean_square + (1 - by.mean_square_decay) * g * g;
    s.momentum = by.momentum_decay * s.momentum + by.learning_rate * g / std::sqrt(s.mean_square + by.eps);
    s.parameter -= s.momentum;
  } else {
    s.momentum = by.momentum_decay * s.momentum + g;
    s.parameter -= by.learning_rate * (g + by.momentum_decay * s.momentum);
  }
  s.average += by.average_share * (s.parameter - s.average);
  return s;
}

void compare(const KernelTable& table, Index count, Index decayed, bool rmsprop, bool averages) {
  auto p = numbers(count, 1), g = numbers(count, 2), m = numbers(count, 3), s = numbers(count, 4),
       a = numbers(count, 5);
  for (float& square : s) square *= square;
  const auto p0 = p, g0 = g, m0 = m, s0 = s, a0 = a;
  const OptimizerStep step{.count = count,
                           .parameters = p.data(),
                           .gradients = g.data(),
                           .momentum = m.data(),
                           .mean_square = rmsprop ? s.data() : nullptr,
                           .average = averages ? a.data() : nullptr,
                           .gradient_factor = 0.5f,
                           .weight_decay = 0.125f,
                           .learning_rate = 0.25f,
                           .momentum_decay = 0.875f,
                           .mean_square_decay = 0.75f,
                           .eps = 0.0625f,
                           .average_share = 0.125f};
  optimizer_step({}, rmsprop ? table.rmsprop_tf : table.sgd, step, decayed);
  double worst = 0;
  for (Index i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const State wanted = after({p0[at], m0[at], s0[at], a0[at]}, g0[at], step, i < decayed, rmsprop);
    worst =
        std::max({worst, std::abs(wanted.parameter - p[at]), std::abs(wanted.momentum - m[at]),
                  averages ? std::abs(wanted.average - a[at]) : 0,
                  rmsprop ? std::abs(wanted.mean_square - s[at]) : 0, std::abs(static_cast<double>(g[at]))});
  }
  CHECK(worst < 5e-7);  // a few roundings of numbers of about 1
}

}  // namespace

TEST_CASE(
    "an optimizer's step in one pass: both rules, weight decay on a part, with and without an average") {
  for (const KernelTable* table : usable_kernels()) {
    INFO(table->name);
    for (const bool rmsprop : {false, true}) {
      for (const bool averages : {false, true}) {
        for (const Index count : {1, 7, 37, 100'003}) {
          for (const Index decayed : {Index{0}, count / 2, count})
            compare(*table, count, decayed, rmsprop, averages);
        }
      }
    }
  }
}
