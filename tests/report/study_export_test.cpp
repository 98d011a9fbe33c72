#include "report/study_export.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "report/optuna_journal.h"
#include "tests/support/catch.h"

using namespace effnet;
using Json = nlohmann::json;
using report::StudyTrials;

namespace {

constexpr const char* kNet = "- | mb_k5_s2_e6_c24 | - | fc10 @1x20 silu";

search::TrialResult trial(int number, double kernel, std::optional<double> reward) {
  search::TrialResult result;
  result.trial.number = number;
  result.trial.seed = 0xffffffffffffffffULL;
  result.trial.candidate = {{{"stage1.kernel", kernel}, {"stage1.op", std::string("mb")}},
                            spec::parse_arch(kNet, "test"),
                            {.params = 12, .macs = 34, .activations = 56}};
  result.trial.budget = {.pictures = 100, .epochs = 2};
  result.reward = reward;
  if (reward)
    result.outcome = {.accuracy = *reward * 100, .loss = 0.5, .pictures = 200, .seconds = 1.5};
  else
    result.outcome = {.kind = spec::OutcomeKind::kDiverged, .message = "loss, \"odd\", at step 17"};
  result.finished = "2026-11-29T00:00:01Z";
  return result;
}

StudyTrials study(const char* name) {
  StudyTrials study;
  study.config = {.name = name, .seed = 7, .lag = 2, .strategy = "evolution"};
  study.config.objective = search::accuracy_only();
  study.trials = {trial(0, 5, 0.75), trial(1, 3, {}), trial(3, 3, 0.5)};
  return study;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("a study as CSV has a row a trial and a column a choice") {
  const std::vector<std::string> lines = lines_of(report::study_csv({study("main")}));
  REQUIRE(lines.size() == 4);
  CHECK(
      lines[0] ==
      "study,number,seed,outcome,accuracy,loss,reward,macs,params,activations,latency_ns,budget_pictures,budget_epochs,"
      "pictures,seconds,repeat,same_as,finished,message,arch,stage1.kernel,stage1.op");
  CHECK(lines[1] ==
        "main,0,18446744073709551615,scored,75,0.5,0.75,34,12,56,,100,2,200,1.5,0,,2026-11-29T00:00:01Z,,"
        "- | mb_k5_s2_e6_c24_r1 | - | fc10 @1x20 silu,5,mb");
  CHECK(lines[2].find(",diverged,,,,34,") != std::string::npos);
  CHECK(lines[2].find("\"loss, \"\"odd\"\", at step 17\"") != std::string::npos);
}

TEST_CASE("studies with other choices share a CSV table; what one does not have stays empty") {
  StudyTrials other = study("other");
  other.trials = {trial(0, 3, 0.5)};
  other.trials[0].trial.candidate.choices = {{"alpha", 1.2}};
  const std::vector<std::string> lines = lines_of(report::study_csv({study("main"), other}));
  CHECK(lines[0].ends_with(",stage1.kernel,stage1.op,alpha"));
  CHECK(lines[1].ends_with(",5,mb,"));
  CHECK(lines[4].ends_with(",,,1.2"));
}

TEST_CASE("a study as JSON says what CSV says") {
  const Json json = Json::parse(report::study_json({study("main")}));
  CHECK(json["schema"] == "effnet.study/1");
  CHECK(json["studies"][0]["config"]["lag"] == 2);
  const Json& trials = json["studies"][0]["trials"];
  CHECK(trials[0]["seed"] == 18446744073709551615ULL);
  CHECK(trials[0]["choices"]["stage1.kernel"] == 5);
  CHECK(trials[1]["reward"].is_null());
  CHECK(trials[1]["message"] == "loss, \"odd\", at step 17");
  CHECK(trials[2]["number"] == 3);
}

// Operation codes, states and field names as in optuna/storages/journal/_storage.py and optuna/trial/_state.py.
TEST_CASE("a study as an Optuna journal is one operation a line") {
  const std::vector<std::string> lines = lines_of(report::optuna_journal({study("main"), study("second")}));
  REQUIRE(lines.size() == 10);
  const Json create = Json::parse(lines[0]);
  CHECK(create["op_code"] == 0);
  CHECK(create["study_name"] == "main");
  CHECK(create["directions"] == Json({2}));
  CHECK(Json::parse(lines[1])["user_attr"]["effnet"]["strategy"] == "evolution");

  const Json first = Json::parse(lines[2]);
  CHECK(first["op_code"] == 4);
  CHECK(first["study_id"] == 0);
  CHECK(first["state"] == 1);
  CHECK(first["value"] == 0.75);
  CHECK(first["datetime_start"] == "2026-11-28T23:59:59.500000+00:00");
  CHECK(first["datetime_complete"] == "2026-11-29T00:00:01.000000+00:00");
  CHECK(Json::parse(first["distributions"]["stage1.kernel"].get<std::string>()) ==
        Json::parse(R"({"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}})"));
  CHECK(first["params"]["stage1.kernel"] == 1);  // the index of 5
  CHECK(first["user_attrs"]["accuracy"] == 75);

  const Json failed = Json::parse(lines[3]);
  CHECK(failed["state"] == 3);
  CHECK(failed["value"].is_null());
  CHECK(failed["params"]["stage1.kernel"] == 0);
  CHECK(Json::parse(lines[4])["user_attrs"]["number"] == 3);
  CHECK(Json::parse(lines[7])["study_id"] == 1);
}
