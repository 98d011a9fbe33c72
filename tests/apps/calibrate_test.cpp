// effnet search --calibrate, on a table of nets that were trained three times each.
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/apps/run_program.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using Json = nlohmann::json;

namespace {

const std::string kTable = "table:" EFFNET_SOURCE_DIR
                           "/search/tables/nas-bench-macro.csv,key=arch,form=digits,accuracy=acc1+acc2+acc3";

tests::Finished calibrate(const std::filesystem::path& folder, std::vector<std::string> more) {
  more.insert(more.begin(), {"search", "--space", "nas-bench-macro", "--evaluator", kTable, "--output",
                             (folder / "calibration").string()});
  return tests::effnet(more);
}

}  // namespace

TEST_CASE("calibration: runs drawn from a table rank its nets alike, and the command can be repeated") {
  const tests::TemporaryFolder folder;
  const tests::Finished first = calibrate(folder.path(), {"--calibrate", "20", "--json"});
  REQUIRE(first.code == 0);
  const Json json = Json::parse(first.out);
  CHECK(json["nets"].size() == 20);
  CHECK(json["agreement"]["tau"].get<double>() > 0.8);
  CHECK(json["seed_noise"].get<double>() > 0);
  CHECK(json["seed_noise"].get<double>() < json["spread"].get<double>());
  CHECK(calibrate(folder.path(), {"--calibrate", "20", "--json"}).out == first.out);
  CHECK(tests::contains(calibrate(folder.path(), {"--calibrate", "20"}).out, "can be trusted"));
  check_one_message(calibrate(folder.path(), {"--calibrate", "21"}), 2, "calibration");
}

TEST_CASE("calibration: what is none") {
  const tests::TemporaryFolder folder;
  check_one_message(calibrate(folder.path(), {"--calibrate", "2"}), 2, "--calibrate");
  check_one_message(
      calibrate(folder.path(), {"--calibrate", "5", "--child-epochs", "4", "--calibrate-epochs", "4"}), 2,
      "--calibrate-epochs");
}
