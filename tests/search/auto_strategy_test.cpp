#include "search/auto_strategy.h"

#include "search/builtin_spaces.h"
#include "search/study.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using tests::contains;
using tests::error_of;

TEST_CASE("auto goes by the size of the space and the number of trials, and says why") {
  const Space macro = builtin_space("nas-bench-macro"), large = builtin_space("b0-small");
  CHECK(choose_strategy(macro, 6561).name == "exhaustive");
  CHECK(contains(choose_strategy(macro, 6561).why, "each of the 6561 nets"));
  CHECK(choose_strategy(macro, 6560).name != "exhaustive");
  CHECK(choose_strategy(large, 5).name == "random");
  CHECK(choose_strategy(large, 30).name == "predictor");
  CHECK(contains(choose_strategy(large, 30).why, "30 trials"));
  CHECK(choose_strategy(large, 100'000).name == "evolution");
}

TEST_CASE("a study that auto began keeps its strategy when it is given more trials") {
  const tests::TemporaryFolder folder;
  const Space space = builtin_space("b0-small");
  store::TrialStore store = store::TrialStore::open(folder / "trials.db");
  const StrategyChoice began = settle_strategy("auto", space, 5, store, "search");
  CHECK(began.name == "random");
  StudyConfig config;
  config.name = "search";
  config.objective = accuracy_only();
  config.strategy = began.name;
  config.strategy_why = began.why;
  store.open_study({config.name, config.seed, config_json(config)});
  const StrategyChoice later = settle_strategy("auto", space, 100, store, "search");
  CHECK(later.name == "random");
  CHECK(later.why == began.why);
  CHECK(settle_strategy("auto", space, 100, store, "another").name == "predictor");
  const StrategyChoice named = settle_strategy("evolution:6", space, 100, store, "search");
  CHECK(named.name == "evolution:6");
  CHECK(named.why.empty());
}

TEST_CASE("a misspelt auto is suggested") {
  const Space space = builtin_space("b0-small");
  CHECK(contains(error_of([&] { check_strategy("atuo", space, 5); }).advice(), "auto"));
  check_strategy("auto", space, 5);
}
