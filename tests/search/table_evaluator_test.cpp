#include "search/table_evaluator.h"

#include <set>

#include "spec/atomic_file.h"
#include "tests/search/errors.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using namespace effnet::search;
using tests::contains;
using tests::error_of;

namespace {

constexpr const char* kSpace = R"(
name = "two"
[skeleton]
input = 8
[[stage]]
op = "mb"
channels = 8
kernel = [3, 5]
se = [0, 0.25]
)";

class Silent final : public Reporter {
 public:
  void progress(int, double) override {}
  bool go_on(int) override { return true; }
};

spec::Trial trial_of(const Space& space, double kernel, double se, std::uint64_t seed = 1) {
  spec::Trial trial;
  trial.seed = seed;
  trial.candidate = space.candidate({{"stage1.kernel", kernel}, {"stage1.se", se}});
  return trial;
}

}  // namespace

TEST_CASE("a row is found by choices, by digits or by the net's text") {
  const tests::TemporaryFolder scratch;
  const Space space = Space::parse(kSpace, "two.toml");
  const auto file = scratch / "t.csv";
  const std::string net = spec::to_text(trial_of(space, 5, 0.25).candidate.arch);
  spec::write_file_atomically(file, "stage1.kernel,stage1.se,digits,net,accuracy,other\r\n5,.25,11,\"" + net +
                                        "\",71.5,72\n3.0,0,00,x,60,61\n");
  for (const char* options : {"", ",form=digits,key=digits", ",key=net"}) {
    Silent silent;
    TableEvaluator evaluator(parse_table_source(file.string() + options), space);
    CHECK(evaluator.evaluate(trial_of(space, 5, 0.25), silent).accuracy == 71.5);
    const spec::Outcome missing = evaluator.evaluate(trial_of(space, 3, 0.25), silent);
    CHECK_FALSE(missing.scored());
    CHECK(contains(missing.message, "has no row"));
  }
  TableEvaluator runs(parse_table_source(file.string() + ",accuracy=accuracy+other"), space);
  std::set<double> drawn;
  Silent silent;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    drawn.insert(runs.evaluate(trial_of(space, 3, 0, seed), silent).accuracy);
  CHECK(drawn == std::set<double>{60, 61});
}

TEST_CASE("a table that is none is refused with the place") {
  const tests::TemporaryFolder scratch;
  const Space space = Space::parse(kSpace, "two.toml");
  const auto file = (scratch / "t.csv").string();
  const auto error = [&](const std::string& text, const std::string& options) {
    spec::write_file_atomically(file, text);
    return error_of([&] { TableEvaluator(parse_table_source(file + options), space); });
  };
  CHECK(contains(error("digits,acuracy\n00,1\n", ",form=digits,key=digits").advice(), "acuracy"));
  CHECK(error("digits,accuracy\n00\n", ",form=digits,key=digits").kind() == spec::ErrorKind::kBadData);
  CHECK(contains(error("digits,accuracy\n00,910\n", ",form=digits,key=digits").where(), "t.csv:2"));
  CHECK(error("", ",form=digits,key=digits").kind() == spec::ErrorKind::kUsage);
  CHECK(error("", ",form=digit").kind() == spec::ErrorKind::kUsage);
  CHECK(error_of([&] { TableEvaluator(parse_table_source("no.csv"), space); }).kind() ==
        spec::ErrorKind::kBadData);
}
