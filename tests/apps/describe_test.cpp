// effnet describe, and what all commands share: help, versions, suggestions, exit codes.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/apps/run_program.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using tests::contains;
using Json = nlohmann::json;

namespace {

Json described(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "describe");
  arguments.emplace_back("--json");
  const tests::Finished finished = tests::effnet(arguments);
  REQUIRE(finished.code == 0);
  CHECK(finished.err.empty());
  return Json::parse(finished.out);
}

}  // namespace

TEST_CASE("describe prints the published counts digit for digit") {
  const Json b0 = described({"b0"});
  CHECK(b0["name"] == "b0");
  CHECK(b0["resolution"] == 224);
  CHECK(b0["params"] == 5'288'548);
  CHECK(described({"b7"})["params"] == 66'347'960);
  CHECK(described({"resnet-50"})["params"] == 25'557'032);
  std::int64_t params = 0, macs = 0, activations = 0;
  for (const Json& layer : b0["layers"]) {
    params += layer["params"].get<std::int64_t>();
    macs += layer["macs"].get<std::int64_t>();
    activations += layer["activations"].get<std::int64_t>();
  }
  CHECK(b0["params"] == params);
  CHECK(b0["macs"] == macs);
  CHECK(b0["activations"] == activations);
}

TEST_CASE("the flags that change a net") {
  const Json b0 = described({"b0"}), fine = described({"b0", "--stem-stride", "1"});
  CHECK(fine["params"] == b0["params"]);
  CHECK(fine["last_map"] == 14);
  CHECK(fine["macs"].get<double>() > 3.9 * b0["macs"].get<double>());
  // A classifier of 10 classes instead of 1000 has 990 * (1280 + 1) fewer parameters.
  CHECK(described({"b0", "--num-classes", "10"})["params"] == 5'288'548 - 990 * 1281);
  CHECK(described({"b0", "--img-size", "32"})["last_map"] == 1);
  CHECK(contains(tests::effnet({"describe", "b0", "--img-size", "32"}).err, "1 x 1"));
}

TEST_CASE("a net is a name, a file or its canonical text") {
  const tests::TemporaryFolder folder;
  const Json b0 = described({"b0"});
  CHECK(described({b0["arch"]})["macs"] == b0["macs"]);
  REQUIRE(tests::effnet({"scale", "--phi", "0", "--output", folder.path().string()}).code == 0);
  const Json again = described({(folder / "b0.toml").string()});
  CHECK(again["arch"] == b0["arch"]);
  CHECK(again["params"] == b0["params"]);
}

TEST_CASE("a misspelt command, flag or net is answered with what was meant") {
  check_one_message(tests::effnet({"descrbe", "b0"}), 2, "did you mean 'describe'?");
  check_one_message(tests::effnet({"describe", "b0", "--jsn"}), 2, "did you mean '--json'?");
  check_one_message(tests::effnet({"describe", "resnet-51"}), 2, "did you mean 'resnet-50'?");
  check_one_message(tests::effnet({"describe", "b0", "b1"}), 2, "'b1' is not expected here");
  check_one_message(tests::effnet({"describe"}), 2, "NET is required");
  check_one_message(tests::effnet({}), 2, "subcommand is required");
}

TEST_CASE("every command has help with examples and a version") {
  for (const char* command :
       {"search", "fit", "scale", "train", "chart", "auto", "describe", "bench", "doctor"}) {
    CAPTURE(command);
    const tests::Finished help = tests::effnet({command, "--help"});
    CHECK(help.code == 0);
    CHECK(contains(help.out, "Example"));
    CHECK(contains(help.out, "--json"));
    CHECK(help.err.empty());
    const tests::Finished version = tests::effnet({command, "--version"});
    CHECK(version.code == 0);
    CHECK(version.out.starts_with("effnet "));
  }
  for (const char* command : {"train", "serve", "measure"})
    CHECK(tests::effnet_train({command, "--help"}).code == 0);
  double fastest = 1e9;
  for (int i = 0; i < 5; ++i) fastest = std::min(fastest, tests::effnet({"--help"}).seconds);
  std::cout << fmt::format("effnet --help took {:.1f} ms\n", 1000 * fastest);
}

TEST_CASE("doctor finds the sibling programs, and says what is missing") {
  const tests::Finished doctor = tests::effnet({"doctor", "--json", "--data-dir", "/nowhere"});
  CHECK((doctor.code == 0 || doctor.code == 4));
  const Json json = Json::parse(doctor.out);
  bool data_missing = false;
  std::string kernels;
  for (const Json& finding : json["findings"]) {
    if (finding["what"] == "effnet-train") CHECK(finding["state"] == "ok");
    if (finding["what"] == "effnet-bench") CHECK(finding["state"] == "ok");
    if (finding["what"] == "kernels") kernels = finding["found"];
    if (finding["what"] == "Fashion-MNIST") data_missing = finding["advice"] != "";
  }
  CHECK(data_missing);
  CHECK(contains(kernels, "portable"));  // the last of the instruction sets, which every processor has
}
