// A search without training, from a table, and its explanation as a user meets it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "spec/atomic_file.h"
#include "tests/apps/run_program.h"
#include "tests/support/catch.h"
#include "tests/support/known_space.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using Json = nlohmann::json;

namespace {

// Two runs of a net differ by a tenth.
std::string table_csv() {
  std::string csv =
      "stage1.channels,stage1.kernel,stage2.expand,stage2.se,stage3.kernel,stage3.repeats,first,second\n";
  for (int net = 0; net < 64; ++net) {
    const auto pick = [&](int choice, double first, double second) {
      return net >> choice & 1 ? second : first;
    };
    const double kernel1 = pick(1, 3, 5), squeeze2 = pick(3, 0, 0.25), kernel3 = pick(4, 3, 5);
    const double accuracy = tests::known_accuracy(kernel1, squeeze2, kernel3);
    csv += fmt::format("{},{},{},{},{},{},{},{}\n", pick(0, 8, 12), kernel1, pick(2, 2, 4), squeeze2, kernel3,
                       pick(5, 1, 2), accuracy, accuracy + 0.1);
  }
  return csv;
}

}  // namespace

TEST_CASE("a search from a table is explained: the choice that was built in, words on a terminal, a page") {
  const tests::TemporaryFolder folder;
  spec::write_file_atomically(folder / "known.toml", tests::kKnownSpace);
  spec::write_file_atomically(folder / "table.csv", table_csv());
  const std::string run = (folder / "run").string();
  const tests::Finished search = tests::effnet(
      {"search", "--space", (folder / "known.toml").string(), "--evaluator",
       "table:" + (folder / "table.csv").string() + ",form=choices,accuracy=first+second", "--trials", "14",
       "--strategy", "predictor", "--random-trials", "6", "--target", "1e9", "--output", run});
  CAPTURE(search.err);
  REQUIRE(search.code == 0);

  const tests::Finished words = tests::effnet({"explain", run});
  CAPTURE(words.err);
  REQUIRE(words.code == 0);
  CHECK(words.out.find("The search by predictor has 14 trials") != std::string::npos);
  CHECK(words.out.find("The choice that matters most is stage1.kernel: 5") != std::string::npos);
  CHECK(words.out.find("random arm's 6 trials") != std::string::npos);
  const std::string page = spec::read_file(folder / "run/explanation.html");
  CHECK(page.find("The choice that matters most is stage1.kernel") != std::string::npos);

  const tests::Finished json =
      tests::effnet({"explain", run + "/trials.db", "--json", "--output", run + "/again.html"});
  REQUIRE(json.code == 0);
  CHECK(Json::parse(json.out)["effects"][0]["choice"] == "stage1.kernel");
  CHECK(spec::read_file(folder / "run/again.html").size() == page.size());
}

TEST_CASE("explain says where it looked when there are no trials") {
  const tests::TemporaryFolder folder;
  const tests::Finished nothing = tests::effnet({"explain", folder.path().string()});
  CHECK(nothing.code == 2);
  CHECK(nothing.out.empty());
  CHECK(nothing.err.find("holds no trials") != std::string::npos);
}
