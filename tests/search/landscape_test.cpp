#include "search/landscape.h"

#include <algorithm>
#include <cmath>

#include "search/regret.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;
using tests::contains;
using tests::error_of;

// Published with the table: the best net and its mean accuracy, the mean of three runs of the worst.
TEST_CASE("NAS-Bench-Macro's table says what was published") {
  const Landscape macro = nas_bench_macro();
  CHECK(macro.best_reward == Catch::Approx(.9312666).margin(1e-6));
  spec::Choices best, worst;
  const std::string_view digits = "22212220";
  for (std::size_t d = 0; d < 8; ++d) {
    const Dimension& dimension = macro.space.dimensions()[d];
    best[dimension.name] = dimension.values[static_cast<std::size_t>(digits[d] - '0')];
    worst[dimension.name] = dimension.values[0];
  }
  CHECK(macro.accuracy(macro.space.candidate(best)) == Catch::Approx(93.12666).margin(1e-4));
  CHECK(macro.accuracy(macro.space.candidate(worst)) == Catch::Approx(45.36333).margin(1e-4));
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    const double run = macro.one_run(macro.space.candidate(worst), seed);
    CHECK((run == 45.32 || run == 45.33 || run == 45.44));
  }
}

TEST_CASE(
    "a made-up landscape is the same for a seed, has run noise around its accuracy, and a best that chance "
    "does not beat") {
  const Landscape made_up = landscape("made-up:4"), again = made_up_landscape(4),
                  other = landscape("made-up");
  spec::RandomStream random(2);
  const spec::Candidate net = made_up.space.candidate(made_up.space.sample(random));
  CHECK(made_up.accuracy(net) == again.accuracy(net));
  CHECK(made_up.accuracy(net) != other.accuracy(net));
  double sum = 0, squares = 0;
  constexpr int kRuns = 2000;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    const double deviation = made_up.one_run(net, run) - made_up.accuracy(net);
    sum += deviation / kRuns;
    squares += deviation * deviation / kRuns;
  }
  CHECK(std::abs(sum) < 4 * .25 / std::sqrt(kRuns));
  CHECK(std::sqrt(squares) == Catch::Approx(.25).epsilon(.08));
  for (int i = 0; i < 2000; ++i) {
    const spec::Candidate candidate = made_up.space.candidate(made_up.space.sample(random));
    CHECK(reward(made_up.objective, made_up.accuracy(candidate) / 100, candidate.cost).value() <
          made_up.best_reward);
  }
  CHECK(contains(error_of([] { landscape("nas-bench-makro"); }).advice(), "nas-bench-macro"));
  CHECK(contains(error_of([] { landscape("made-up:x"); }).what(), "made-up:x"));
}

// A random search's regret after n draws is known from the table alone: the mean over the order statistics of what n draws
// from its 6,561 rows have as their best.
TEST_CASE("regret of random search is that of the best of n draws, for any lag and number of threads") {
  const Landscape macro = nas_bench_macro();
  std::vector<double> lacking;
  macro.space.for_each([&](const spec::Choices& choices) {
    lacking.push_back(100 * macro.best_reward - macro.accuracy({choices, {}, {}}));
    return true;
  });
  std::sort(lacking.begin(), lacking.end());
  const auto expected = [&](double draws) {
    double mean = 0;
    const auto count = static_cast<double>(lacking.size());
    for (std::size_t i = 0; i < lacking.size(); ++i) {
      const double rank = static_cast<double>(i);
      mean += lacking[i] * (std::pow(1 - rank / count, draws) - std::pow(1 - (rank + 1) / count, draws));
    }
    return mean;
  };
  const RegretCase what{.strategy = "random", .queries = {20, 50}, .lag = 1, .seeds = 300};
  const Regret regret = measure_regret(macro, what, 2);
  for (const std::size_t q : {0, 1}) {
    const double wanted = expected(what.queries[q]);
    CAPTURE(q, wanted, regret.mean[q]);
    CHECK(std::abs(regret.mean[q] - wanted) < 3.5 * regret.standard_error[q]);
  }
  RegretCase lagging = what;
  lagging.lag = 8;
  CHECK(measure_regret(macro, lagging, 1).mean == regret.mean);
}
