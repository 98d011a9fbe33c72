// What tables and sentences say of objectives of several costs and of fronts.
#include "report/front_text.h"

#include "report/explanation_charts.h"
#include "report/explanation_tables.h"
#include "report/explanation_words.h"
#include "report/objective_text.h"
#include "search/objective_words.h"
#include "tests/report/made_up_explanation.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::report;

namespace {

bool says(const search::Explanation& why, const std::string& words) {
  for (const std::string& sentence : explanation_sentences(why)) {
    if (sentence.find(words) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("an objective in words") {
  const auto text = [](const search::ObjectiveWords& words) {
    return objective_text(search::objective_of(words));
  };
  CHECK(text({"hard", {"macs"}, {4e6}, {}}) == "hard in macs, target 4.00 M, weight -1");
  CHECK(text({"soft", {"macs", "params"}, {2e6, 1e5}, {"-0.07", "-0.02:-0.15"}}) ==
        "soft in macs (target 2.00 M, weight -0.07) and params (target 100 k, weight -0.02:-0.15)");
  CHECK(text({"constraint", {"params"}, {1e5}, {}}) == "constraint in params, target 100 k");
  CHECK(text({"pareto", {"macs", "params"}, {}, {}}) == "pareto: accuracy against macs and params");
  CHECK(objective_text(search::accuracy_only()) == "accuracy alone");
}

TEST_CASE("a front in a table: a column a cost, and one for the arm where there are arms") {
  const std::vector both{spec::CostKind::kMacs, spec::CostKind::kParams};
  const search::TrialResult trial = tests::made_up_trial(4, 3, 1'200'000, 81.5);
  const TextTable alone = front_rows({{trial, ""}}, both), arms = front_rows({{trial, "random arm"}}, both);
  REQUIRE(alone.columns().size() == 5);
  CHECK(alone.columns()[1].header == "MACs");
  CHECK(alone.columns()[2].header == "params");
  CHECK(alone.rows()[0][1] == "1.20 M");
  CHECK(arms.columns().size() == 6);
  CHECK(arms.rows()[0][1] == "random arm");
  CHECK(reference_text({{{spec::CostKind::kMacs, 1e6, 1e6}, {spec::CostKind::kParams, 5e4, 5e4}}, .1}) ==
        "accuracy 10.0 % at 1.00 M multiply-adds and 50.0 k parameters");
}

TEST_CASE("an explanation has every cost of its objective, its chart the first") {
  search::Explanation why = tests::made_up_explanation();
  const std::size_t columns = finalists_table(why).columns().size();
  why.config.objective.terms.push_back({spec::CostKind::kParams, 1e5, -1, {}});
  for (search::TrialResult& trial : why.front) trial.trial.candidate.cost.params = 70'000;
  why.winner.candidate.cost.params = 70'000;
  CHECK(finalists_table(why).columns().size() == columns + 1);
  CHECK(front_table(why).columns()[2].header == "params");
  CHECK(front_table(why).rows()[0][2] == "70.0 k");
  CHECK(says(why, "2.00 M multiply-adds and 70.0 k parameters"));
  CHECK(explained_front(why).find("first of the objective's costs") != std::string::npos);
  CHECK(effects_table(why).columns().back().header == "MACs x");
}

TEST_CASE("an explanation of a search after a front says by what its net was named") {
  search::Explanation why = tests::made_up_explanation();
  CHECK_FALSE(says(why, "knee"));
  why.config.objective = search::objective_of({"pareto", {"params"}, {}, {}});
  CHECK(says(why, "that at the front's knee"));
  CHECK(effects_table(why).columns().back().header == "params x");
}
