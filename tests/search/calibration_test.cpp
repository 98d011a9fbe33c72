// Whether short training may be trusted, on evaluators whose noise and order are known.
#include "search/calibration.h"

#include <cmath>

#include "search/builtin_spaces.h"
#include "spec/random_stream.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using search::Calibration;
using search::CalibrationConfig;

namespace {

// A net is worth the logarithm of its cost. A run of one epoch sees `sign` times that, with noise of the seed; a long one
// sees it as it is, and takes as many seconds as epochs.
class Noisy final : public search::Evaluator {
 public:
  Noisy(double noise, double sign) : noise_(noise), sign_(sign) {}

  spec::Outcome evaluate(const spec::Trial& trial, search::Reporter&) override {
    const double worth = 10 * std::log10(static_cast<double>(trial.candidate.cost.macs)) - 50;
    spec::RandomStream random(trial.seed);
    double luck = -6;  // twelve uniform numbers have a variance of 1
    for (int i = 0; i < 12; ++i) luck += random.uniform();
    const bool in_short = trial.budget.epochs == 1;
    return {.accuracy = 50 + (in_short ? sign_ * worth + noise_ * luck : worth),
            .pictures = trial.budget.total_pictures(),
            .seconds = static_cast<double>(trial.budget.epochs)};
  }

 private:
  double noise_, sign_;
};

class FailsLong final : public search::Evaluator {
 public:
  spec::Outcome evaluate(const spec::Trial& trial, search::Reporter&) override {
    if (trial.budget.epochs > 1 && trial.number != 0)
      return {.kind = spec::OutcomeKind::kDiverged, .message = "loss is not finite"};
    return {.accuracy = 50};
  }
};

CalibrationConfig with_nets(int nets) {
  return {.nets = nets,
          .seed = 7,
          .short_budget = {.pictures = 100, .epochs = 1},
          .long_budget = {.pictures = 100, .epochs = 5}};
}

Calibration calibrated(const CalibrationConfig& config, const search::EvaluatorFactory& evaluator,
                       int workers = 1) {
  const tests::TemporaryFolder folder;
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  return search::calibrate(config, search::builtin_space("fashion-small"), store,
                           {.workers = workers, .make_evaluator = evaluator, .observer_of = {}});
}

search::EvaluatorFactory noisy(double noise, double sign = 1) {
  return [=](int) { return std::make_unique<Noisy>(noise, sign); };
}

bool says(const Calibration& calibration, const char* words) {
  return tests::contains(search::verdict(calibration), words);
}

}  // namespace

TEST_CASE("calibration: short training that sees what long training sees is trusted") {
  const Calibration c = calibrated(with_nets(16), noisy(0));
  CHECK(c.nets.size() == 16);
  CHECK(c.tau.tau == 1);
  CHECK(c.repeat_tau.tau == 1);
  CHECK(c.seed_noise == 0);
  CHECK(c.spread > 1);
  CHECK(c.cost_ratio == Catch::Approx(5));
  CHECK(says(c, "can be trusted"));
  for (std::size_t i = 1; i < c.nets.size(); ++i) CHECK(c.nets[i - 1].long_run >= c.nets[i].long_run);
}

TEST_CASE("calibration: the seed's noise is found, and noise alone is not trusted") {
  CHECK(calibrated(with_nets(60), noisy(2)).seed_noise == Catch::Approx(2).epsilon(0.25));
  const Calibration chance = calibrated(with_nets(40), noisy(5, 0));
  CHECK(std::abs(chance.tau.tau) < 0.3);
  CHECK_FALSE(says(chance, "can be trusted"));
  CHECK(says(calibrated(with_nets(12), noisy(0, -1)), "says little"));
}

TEST_CASE("calibration: the same for any number of workers, and gone on with from its store") {
  const Calibration one = calibrated(with_nets(9), noisy(1)), four = calibrated(with_nets(9), noisy(1), 2);
  CHECK(one.tau.tau == four.tau.tau);
  CHECK(one.seed_noise == four.seed_noise);

  const tests::TemporaryFolder folder;
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  const search::Space space = search::builtin_space("fashion-small");
  const auto run = [&](const search::EvaluatorFactory& evaluator) {
    return search::calibrate(with_nets(5), space, store, {.make_evaluator = evaluator});
  };
  const Calibration before = run(noisy(1));
  CHECK(run([](int) -> std::unique_ptr<search::Evaluator> {
          throw std::logic_error("all is in the store");
        }).tau.tau == before.tau.tau);
}

TEST_CASE("calibration: nets that fail are left out and counted; what is no calibration is refused") {
  const Calibration c = calibrated(with_nets(4), [](int) { return std::make_unique<FailsLong>(); });
  CHECK(c.nets.size() == 1);
  CHECK(c.failed == 3);
  CHECK(says(c, "needs three"));
  CHECK(tests::error_of([] { calibrated(with_nets(2), noisy(0)); }).where() == "--calibrate");
  CalibrationConfig config = with_nets(5);
  config.long_budget.epochs = 1;
  CHECK(tests::error_of([&] { calibrated(config, noisy(0)); }).where() == "--calibrate-epochs");
}
