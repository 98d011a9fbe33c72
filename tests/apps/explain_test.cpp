// A search without training, from a table, and its explanation as a user meets it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "spec/atomic_file.h"
#include "tests/apps/run_program.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace effnet;
using Json = nlohmann::json;

namespace {

constexpr const char* kSpace = R"(
name = "known"
[skeleton]
input = 16
channels = 1
classes = 10
stem = "conv_k3_s1_c8"
head = "conv_k1_s1_c32"
[[stage]]
op = "mb"
channels = [8, 12]
kernel = [3, 5]
[[stage]]
op = "mb"
channels = 16
stride = 2
expand = [2, 4]
se = [0, 0.25]
)";

// Kernel 5 is worth three points, squeeze-and-excite one; two runs of a net differ by a tenth.
std::string table_csv() {
  std::string csv = "stage1.channels,stage1.kernel,stage2.expand,stage2.se,first,second\n";
  for (const int channels : {8, 12}) {
    for (const int kernel : {3, 5}) {
      for (const int expand : {2, 4}) {
        for (const double se : {0.0, 0.25}) {
          const double accuracy = 80 + (kernel == 5 ? 3 : 0) + (se > 0 ? 1 : 0);
          csv += fmt::format("{},{},{},{},{},{}\n", channels, kernel, expand, se, accuracy, accuracy + 0.1);
        }
      }
    }
  }
  return csv;
}

}  // namespace

TEST_CASE("a search from a table is explained: the choice that was built in, words on a terminal, a page") {
  const tests::TemporaryFolder folder;
  spec::write_file_atomically(folder / "known.toml", kSpace);
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
  CHECK(nothing.err.find("holds no trials of a search") != std::string::npos);
}
