// effnet fit --dry-run and effnet scale: grids and families from the command line.
#include <nlohmann/json.hpp>

#include "scaling/cost_model.h"
#include "spec/net_file.h"
#include "tests/apps/run_program.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using Json = nlohmann::json;

namespace {

std::size_t points(const std::string& step, const std::string& tolerance) {
  const tests::Finished fit = tests::effnet(
      {"fit", "--baseline", "b0", "--dry-run", "--json", "--step", step, "--tolerance", tolerance});
  REQUIRE(fit.code == 0);
  return Json::parse(fit.out)["points"].size();
}

const char* const kOwnBaseline =
    "conv_k3_s1_c8 | mb_k3_s2_e2_c8_r1 mb_k3_s2_e4_c16_r2 | - | fc10 @1x20 silu divisor=4";

std::string coefficients_of(const std::string& arch) {
  return "alpha = 1.3\nbeta = 1.1\ngamma = 1.1\n[baseline]\nname = \"other\"\narch = \"" + arch + "\"\n";
}

}  // namespace

TEST_CASE("the grid has the points of exact arithmetic") {
  CHECK(points("0.05", "0.05") == 54);
  CHECK(points("0.05", "0.10") == 109);
  CHECK(points("0.05", "0.20") == 217);
  CHECK(points("0.1", "0.05") == 10);
  CHECK(points("0.1", "0.1") == 21);
  CHECK(points("0.1", "0.2") == 37);
}

TEST_CASE("what no grid is") {
  const auto fit = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"fit", "--baseline", "b0", "--dry-run"});
    return tests::effnet(more);
  };
  check_one_message(fit({"--step", "0"}), 2, "--step");
  check_one_message(fit({"--step", "0.0001"}), 2, "larger --step");
  check_one_message(fit({"--alpha", "2:1"}), 2, "--alpha");
  check_one_message(fit({"--alpha", "1:x"}), 2, "'x' is not a decimal number");
  check_one_message(fit({"--tolerance", "nan"}), 2, "--tolerance");
  check_one_message(fit({"--cost-spread", "nan"}), 2, "--cost-spread");
  check_one_message(fit({"--trial-timeout", "nan"}), 2, "--trial-timeout");
  check_one_message(fit({"--nets", "-1"}), 2, "--nets");
  check_one_message(fit({"--pictures", "0"}), 2, "--pictures");
  check_one_message(fit({"--cost", "flops"}), 2, "macs, params");
  check_one_message(tests::effnet({"fit", "--dry-run"}), 2, "--baseline is required");
}

TEST_CASE("the published family, as files that read back") {
  const tests::TemporaryFolder folder;
  const tests::Finished scale =
      tests::effnet({"scale", "--published", "--output", (folder / "nets").string(), "--json"});
  REQUIRE(scale.code == 0);
  CHECK(Json::parse(scale.out)["nets"].size() == 7);
  // Keras' applications and the published code agree on these.
  const std::int64_t params[] = {7'794'184,  9'109'994,  12'233'232, 19'341'616,
                                 30'389'784, 43'040'704, 66'347'960};
  for (int i = 1; i <= 7; ++i) {
    const spec::NamedNet net = spec::read_net(folder / ("nets/b" + std::to_string(i) + ".toml"));
    CHECK(scaling::count(net.arch).total.params == params[i - 1]);
  }
}

TEST_CASE("any baseline at any real phi, with coefficients of its own only") {
  const tests::TemporaryFolder folder;
  spec::write_file_atomically(folder / "own.toml", coefficients_of(kOwnBaseline));
  const auto scale = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"scale", "--coefficients", (folder / "own.toml").string()});
    return tests::effnet(more);
  };
  const tests::Finished good = scale({"--baseline", kOwnBaseline, "--phi", "-0.5,0,0.75,2", "--json"});
  REQUIRE(good.code == 0);
  const Json nets = Json::parse(good.out)["nets"];
  REQUIRE(nets.size() == 4);
  CHECK(nets[1]["arch"] == kOwnBaseline);
  CHECK(nets[2]["resolution"] == 21);  // 20 * 1.1^0.75 = 21.48
  CHECK(nets[3]["macs"].get<double>() > nets[2]["macs"].get<double>());
  CHECK(nets[0]["resolution"] == 19);
  check_one_message(scale({"--baseline", "b0", "--phi", "1"}), 2, "was fitted for another baseline");
  check_one_message(scale({"--baseline", kOwnBaseline, "--phi", "nan"}), 2, "--phi");
  check_one_message(scale({"--baseline", kOwnBaseline, "--phi", "1e9"}), 2, "--phi");
  check_one_message(tests::effnet({"scale", "--published", "--phi", "1"}), 2, "excludes");
  check_one_message(tests::effnet({"fit", "--redo", (folder / "own.toml").string()}), 3, "no trained nets");
  spec::write_file_atomically(folder / "huge.toml", "alpha = 10\nbeta = 10\ngamma = 10\n");
  check_one_message(
      tests::effnet({"scale", "--coefficients", (folder / "huge.toml").string(), "--phi", "20"}), 2,
      "outside");
}
