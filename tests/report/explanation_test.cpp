#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/explanation_charts.h"
#include "report/explanation_page.h"
#include "report/explanation_tables.h"
#include "report/explanation_words.h"
#include "tests/report/made_up_explanation.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::report;
using Json = nlohmann::json;

namespace {

bool says(const search::Explanation& why, const std::string& text) {
  const std::vector<std::string> sentences = explanation_sentences(why);
  std::string all;
  for (const std::string& sentence : sentences) all += sentence + "\n";
  CAPTURE(all, text);
  return all.find(text) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Rows of data anywhere in a specification that have this field.
std::vector<Json> rows_with(const Json& json, const std::string& field) {
  std::vector<Json> rows;
  if (json.is_object() && json.contains("values") && json["values"].is_array()) {
    for (const Json& row : json["values"]) {
      if (row.is_object() && row.contains(field)) rows.push_back(row);
    }
  }
  if (json.is_structured()) {
    for (const Json& part : json) {
      for (Json& row : rows_with(part, field)) rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("explained in words: what was trained, what won, by how much, with the runs behind it") {
  const search::Explanation why = tests::made_up_explanation();
  CHECK(says(why, "The search by reinforce has 3 trials, of which 1 failed."));
  CHECK(says(why,
             "The net of trial 2 won. Trained again with 2 fresh seeds it reached 84.25 % (84.00, 84.50) at "
             "2.00 M multiply-adds, reward 0.8425; its trial had 85.00 %."));
  CHECK(says(why, "1.50 points of reward ahead of the runner-up (trial 0 of the random arm)"));
  CHECK(says(why, "4 runs of 2 nets spread by 0.36 points"));
  CHECK(says(why, "more than two of these: hardly luck"));
}

TEST_CASE("explained in words: a margin within the noise is not sold as a win") {
  search::Explanation why = tests::made_up_explanation();
  why.margin->points = 0.5;  // standard error .36
  CHECK(says(why, "less than two of these: the two cannot be told apart"));
  why.margin->points = -0.5;
  CHECK(says(why, "The net of trial 2 is the best of the search."));
  CHECK(says(why, "0.50 points of reward behind the best (trial 0 of the random arm)"));
}

TEST_CASE("explained in words: the search's best beside what luck brings") {
  search::Explanation why = tests::made_up_explanation();
  CHECK(says(why,
             "from the rewards of the random arm's 2 trials, nine of ten random searches of 3 would end with "
             "a best between 0.8100 and 0.8200."));
  CHECK(says(why, "The search's best trial has 0.8500, above that; no trial of the random arm has as much."));
  why.share_of_luckier = 0.25;
  why.band.back().high = .86;
  CHECK(says(why, "within that; 25.0 % of such random searches would get as much or more."));
  why.band.clear();
  CHECK_FALSE(says(why, "luck alone"));
}

TEST_CASE("explained in words: choices with an interval around zero are not said to matter") {
  search::Explanation why = tests::made_up_explanation();
  CHECK(says(why,
             "The choice that matters most is stage1.kernel: 5 is worth +1.25 points (95 % interval +0.50 to "
             "+2.00) of accuracy against the mean of its values, at 1.10 times the multiply-adds."));
  CHECK(says(why, "fitted to 8 trainings. Of 1 choice it cannot say that any value is better"));
  CHECK_FALSE(says(why, "Next comes"));
  CHECK(says(why, "The strongest pair is stage1.kernel = 5 and stage2.se = 0.25: together +0.40 points"));
  for (search::ValueEffect& value : why.effects[0].values) value.accuracy = {0.1, -1, 1.2};
  why.interactions[0].accuracy = {0.4, -0.1, 0.9};
  CHECK(says(why, "finds no choice that matters beyond doubt"));
  CHECK(says(why, "No two choices are known to depend on each other"));
}

TEST_CASE("explained in words: changes of the winner, as predicted and as seen") {
  search::Explanation why = tests::made_up_explanation();
  CHECK(says(why,
             "No single change of the winner is predicted to raise the reward; the nearest is stage1.kernel "
             "from 5 to 3 (-3.00 points). That net was trained in trial 0: 80.00 %."));
  why.changes[0].reward_gain = 0.2;
  why.changes[0].trials.clear();
  CHECK(says(why, "stage1.kernel from 5 to 3 (+0.20 points of reward). That net was not trained."));
  CHECK(says(why,
             "Trial 2 was the first within a point of the best reward at the end: the 0 % of the search's "
             "budget after it bought the last point."));
  CHECK(says(why, "2 nets of all trials lie on the front"));
  CHECK(says(why, "The winner is one of them."));
}

TEST_CASE("explained in words: without finalists nothing is said to have been trained again") {
  search::Explanation why = tests::made_up_explanation();
  why.finalists.clear();
  why.margin.reset();
  CHECK(says(
      why,
      "No finalist has been trained again yet. The net that the strategy stands for is that of trial 2"));
  CHECK_FALSE(says(why, "won"));
}

TEST_CASE("explained in tables: a row a finalist, a value, a pair, a change and a net of the front") {
  const search::Explanation why = tests::made_up_explanation();
  CHECK(finalists_table(why).rows().size() == 2);
  CHECK(finalists_table(why).rows()[0][3] == "84.00, 84.50");
  CHECK(effects_table(why).rows().size() == 5);
  CHECK(effects_table(why).rows()[1][3] == "+0.50 to +2.00");
  CHECK(interactions_table(why).rows().size() == 1);
  CHECK(changes_table(why).rows()[0][7] == "0");
  CHECK(front_table(why).rows().size() == 2);
}

// The best of all is 85 %: the random arm lacks 3 points after one trial and after two; 0 % of the search is left at its end.
TEST_CASE("explained in pictures: regret counts down to the best of all, beside the band") {
  const Json chart = Json::parse(explained_regret(tests::made_up_explanation()));
  std::vector<double> search, random;
  for (const Json& row : rows_with(chart, "lacking"))
    (row["arm"] == "search" ? search : random).push_back(row["y"]);
  REQUIRE(search.size() == 3);
  CHECK(search[0] == Catch::Approx(5));
  CHECK(search[1] == Catch::Approx(5));  // the failed trial
  CHECK(search[2] == Catch::Approx(0).margin(1e-12));
  REQUIRE(random.size() == 2);
  CHECK(random[1] == Catch::Approx(3));
}

TEST_CASE("explained in pictures: the front, the winner and the wanted cost") {
  search::Explanation why = tests::made_up_explanation();
  const std::string chart = explained_front(why);
  CHECK(chart.find("\"wanted cost\"") != std::string::npos);
  CHECK(chart.find("\"winner\"") != std::string::npos);
  why.config.objective = search::one_cost(search::ObjectiveForm::kSoft, 3e6);  // whose target moves no winner
  CHECK(explained_front(why).find("\"wanted cost\"") == std::string::npos);
  why.config.objective = search::accuracy_only();
  CHECK(explained_front(why).find("\"wanted cost\"") == std::string::npos);
}

TEST_CASE("explained in pictures: a belief is a curve a value, by stage and key") {
  search::Explanation why = tests::made_up_explanation();
  const std::optional<std::string> chart = explained_beliefs(why);
  REQUIRE(chart);
  int last_of_five = 0, rows = 0;
  for (const Json& row : rows_with(Json::parse(*chart), "stage")) {
    ++rows;
    if (row["stage"] == "stage1" && row["key"] == "kernel" && row["value"] == "5" && row["x"] == 3) {
      CHECK(row["y"] == 0.7);
      ++last_of_five;
    }
  }
  CHECK(rows == 2 * 5);
  CHECK(last_of_five == 1);
  why.replay.beliefs.clear();
  CHECK_FALSE(explained_beliefs(why));
}

TEST_CASE("an explanation's page has words, tables and four charts, its text the same words") {
  const search::Explanation why = tests::made_up_explanation();
  const std::string html = page_html(explanation_page(why, "Why this net", "From runs/search."));
  CHECK(count_of(html, "data-chart=\"chart-") == 4);
  CHECK(count_of(html, "<caption>") == 5);
  CHECK(html.find("In words") < html.find("In numbers"));
  CHECK(html.find("In numbers") < html.find("In pictures"));
  const std::string text = explanation_text(why);
  CHECK(text.starts_with("- The search by reinforce has 3 trials, of which 1 failed.\n"));
  std::size_t longest = 0, from = 0;
  for (std::size_t end = text.find('\n'); from < text.find("\nFinalists"); end = text.find('\n', from)) {
    longest = std::max(longest, end - from);
    from = end + 1;
  }
  CHECK(longest <= 101);
}
