#include "search/objective_words.h"

#include "search/objective_json.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::search;
using tests::contains;
using tests::error_of;

namespace {

std::string refusal(const ObjectiveWords& words) {
  const spec::Error error = error_of([&] { objective_of(words); });
  CHECK(error.kind() == spec::ErrorKind::kUsage);
  return std::string(error.what()) + " " + std::string(error.advice());
}

}  // namespace

TEST_CASE("costs, targets and weights belong together by position") {
  const Objective two = objective_of({"soft", {"macs", "params"}, {2e6, 1e5}, {"-0.07", "-0.02:-0.15"}});
  REQUIRE(two.terms.size() == 2);
  CHECK(two.terms[0] == CostTerm{spec::CostKind::kMacs, 2e6, -.07, {}});
  CHECK(two.terms[1] == CostTerm{spec::CostKind::kParams, 1e5, -.02, -.15});
  CHECK(weight_text(two.terms[0]) == "-0.07");
  CHECK(weight_text(two.terms[1]) == "-0.02:-0.15");
  CHECK(objective_of({"hard", {"macs"}, {2e6}, {}}) == one_cost(ObjectiveForm::kHard, 2e6));
  CHECK_FALSE(objective_of({"soft", {"macs"}, {2e6}, {"-0.1:-0.1"}}).terms[0].weight_above);
}

TEST_CASE("what does not fit together is refused with what would") {
  CHECK(contains(refusal({"soft", {"macs", "params"}, {2e6}, {}}), "1 target for 2 costs (macs, params)"));
  CHECK(contains(refusal({"soft", {"macs"}, {2e6}, {"-0.1", "-0.2"}}), "2 weights for 1 cost (macs)"));
  CHECK(contains(refusal({"soft", {"macs", "macs"}, {1, 2}, {}}), "named twice"));
  CHECK(contains(refusal({"soft", {"macs", "parms"}, {1, 2}, {}}), "params"));
  CHECK(contains(refusal({"soft", {"macs", "params"}, {2e6, 0}, {}}), "target of params is 0"));
  CHECK(contains(refusal({"soft", {"macs"}, {2e6}, {"-0.1:0.2"}}), "would reward cost"));
  CHECK(contains(refusal({"soft", {"macs"}, {2e6}, {"-0.1:"}}), "'-0.1:' is no weight"));
  CHECK(contains(refusal({"hard", {"macs"}, {2e6}, {"-0.1:-1"}}), "'soft' with 0:-1"));
  CHECK(contains(refusal({"constraint", {"macs"}, {2e6}, {"-0.1:-1"}}), "no weights"));
  CHECK(contains(refusal({"pareto", {"macs"}, {2e6}, {}}), "constraint"));
  CHECK(contains(refusal({"pareto", {"macs"}, {}, {"-1"}}), "soft"));
  CHECK(contains(refusal({"pareto", {"macs", "params", "activations"}, {}, {}}), "one cost or two"));
  CHECK(contains(refusal({"hard", {"macs"}, {0}, {}}), "--target: "));
  CHECK(contains(refusal({"hard", {"macs"}, {1}, {"1"}}), "--weight: "));
  CHECK(contains(refusal({"hard", {"macs", "macs"}, {1, 2}, {}}), "--cost: "));
}

// Written by version 0.1.0: its studies go on.
TEST_CASE("an objective of one cost has the JSON that it always had") {
  const std::string before = R"({"form":"hard","cost":"macs","target":4000000.0,"weight":-1.0})";
  CHECK(objective_from_json(before, "x") == one_cost(ObjectiveForm::kHard, 4e6));
  CHECK(objective_json(one_cost(ObjectiveForm::kHard, 4e6)) == before);
}

TEST_CASE("objectives survive their JSON") {
  for (const ObjectiveWords& words :
       {ObjectiveWords{"soft", {"macs"}, {2e6}, {"-0.02:-0.15"}},
        ObjectiveWords{"absolute", {"params", "macs"}, {1e5, 2e6}, {"-0.1", "-0.01:-0.3"}},
        ObjectiveWords{"constraint", {"macs", "activations"}, {1e5, 2e6}, {}},
        ObjectiveWords{"pareto", {"macs"}, {}, {}}, ObjectiveWords{"pareto", {"params", "macs"}, {}, {}}}) {
    const Objective objective = objective_of(words);
    CAPTURE(objective_json(objective));
    CHECK(objective_from_json(objective_json(objective), "x") == objective);
  }
  const auto misread = [](const char* text) {
    return error_of([&] { objective_from_json(text, "x"); }).kind();
  };
  CHECK(misread(R"({"form":"hard","cost":"macs"})") == spec::ErrorKind::kBadData);
  CHECK(misread("{") == spec::ErrorKind::kBadData);
}
