// effnet chart: published tables, nothing to draw, damaged records.
#include <nlohmann/json.hpp>

#include "tests/apps/run_program.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
namespace fs = std::filesystem;

TEST_CASE("the published family as a chart") {
  const tests::TemporaryFolder folder;
  const std::string stem = (folder / "charts/family").string();
  const tests::Finished chart = tests::effnet(
      {"chart", "--published", "efficientnet-v5", "--output", stem, "--format", "html,vl.json", "--json"});
  REQUIRE(chart.code == 0);
  const auto json = nlohmann::json::parse(chart.out);
  REQUIRE(json["rows"].size() == 8);
  CHECK(json["rows"][0]["top1"] == 77.1);
  CHECK(json["rows"][7]["source"] == "published");
  CHECK(json["files"].size() == 2);
  const std::string page = spec::read_file(stem + ".html");
  CHECK(page.find("<script src") == std::string::npos);  // shows offline
  CHECK(page.size() > 100'000);                          // Vega is inside
  CHECK(nlohmann::json::parse(spec::read_file(stem + ".vl.json")).contains("$schema"));
}

TEST_CASE("what cannot be drawn") {
  const tests::TemporaryFolder folder;
  const std::string stem = (folder / "x").string();
  const auto chart = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"chart", "--output", stem, "--format", "html"});
    return tests::effnet(more);
  };
  check_one_message(chart({}), 2, "nothing to draw");
  check_one_message(chart({"--published", "efficientnet"}), 2, "efficientnet-v5");
  check_one_message(chart({"--published", "timm", "--x", "flops"}), 2, "params, macs");
  check_one_message(chart({"--published", "timm", "--format", "gif"}), 2, "'gif'");
  check_one_message(tests::effnet({"chart", "--published", "timm", "--output", ""}), 2, "--output");
  check_one_message(chart({(folder / "nowhere").string()}), 3, "nowhere");
  check_one_message(chart({folder.path().string()}), 3, "no finished run");
  CHECK_FALSE(fs::exists(stem + ".html"));

  fs::create_directories(folder / "runs/b0");
  for (const char* damaged : {"", "{\"schema\": \"effnet.run/1\"", "[]", "{}", "\x80\xff"}) {
    spec::write_file_atomically(folder / "runs/b0/results.json", damaged);
    const tests::Finished finished = chart({(folder / "runs").string()});
    CAPTURE(damaged, finished.err);
    CHECK(finished.code == 3);
    CHECK(tests::contains(finished.err, "runs/b0/results.json"));
  }
}
