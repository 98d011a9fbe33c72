// effnet train: one net or several, with the flags before, between and after the nets.
#include <nlohmann/json.hpp>

#include "spec/net_file.h"
#include "tests/apps/run_program.h"
#include "tests/apps/small_pictures.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct Place {
  tests::TemporaryFolder folder;
  fs::path data = tests::write_small_pictures(folder / "data");

  // A net file; `name` is the net's.
  std::string net(const std::string& name) const {
    const fs::path file = folder / (name + ".toml");
    spec::write_file_atomically(file, spec::net_toml({name, spec::parse_arch(tests::kSmallNet, "test")}));
    return file.string();
  }

  tests::Finished train(std::vector<std::string> words, const std::string& output) const {
    words.insert(words.begin(), {"train", "--data-dir", data.string(), "--dataset", "idx", "--epochs", "1"});
    words.insert(words.end(),
                 {"--holdout", "40", "--batch-size", "32", "--output", (folder / output).string()});
    return tests::effnet(words);
  }
};

}  // namespace

TEST_CASE("one net: what follows a flag of effnet-train is its value and no net") {
  const Place place;
  const tests::Finished one =
      place.train({"--hflip", place.net("a"), "--smoothing", "0.1", "--no-hflip", "--json"}, "run");
  CAPTURE(one.err);
  REQUIRE(one.code == 0);
  const Json record = Json::parse(one.out);
  CHECK(record["name"] == "a");
  CHECK(record["recipe"]["epochs"] == 1);
  CHECK(record["recipe"]["smoothing"] == 0.1);
  CHECK(record["recipe"]["hflip"] == false);
  CHECK(record["test_pictures"] == 80);
  CHECK(record["train_pictures"] == 200);
  CHECK(tests::contains(record["versions"].get<std::string>(), "kernels auto ("));  // and the instruction set
  CHECK(fs::exists(place.folder / "run/model.safetensors"));
  check_one_message(place.train({place.net("a"), "--epoch", "3"}, "other"), 2, "did you mean '--epochs'?");
  check_one_message(place.train({}, "other"), 2, "NET is required");
  // The chart takes the run as it lies there.
  const tests::Finished chart = tests::effnet({"chart", (place.folder / "run").string(), "--format", "html",
                                               "--output", (place.folder / "chart").string(), "--json"});
  CHECK(chart.code == 0);
  CHECK(Json::parse(chart.out)["rows"][0]["source"] == "trained here");
}

TEST_CASE("what LibTorch's operators compute is said once, unless they were asked for") {
  const Place place;
  const auto train = [&](const std::string& kernels) {
    return tests::effnet_train(
        {"train", "--arch", "conv_k3_s2_c8 | bottleneck_k3_s1_c8_m8_r2_g2 | - | fc4 @1x12 relu", "--data-dir",
         place.data.string(), "--dataset", "idx", "--epochs", "2", "--holdout", "40", "--kernels", kernels,
         "--json", "--output", (place.folder / kernels).string()});
  };
  const tests::Finished own = train("auto"), reference = train("reference");
  CAPTURE(own.err);
  REQUIRE(own.code == 0);
  const std::size_t said = own.err.find("in groups");
  CHECK(said != std::string::npos);
  CHECK(own.err.find("in groups", said + 1) == std::string::npos);
  REQUIRE(reference.code == 0);
  CHECK_FALSE(tests::contains(reference.err, "in groups"));
  const std::string versions = Json::parse(reference.out)["versions"];
  CHECK(tests::contains(versions, "kernels reference"));
}

TEST_CASE("several nets: a run folder each, one table, and one message when none can be trained") {
  const Place place;
  const std::string a = place.net("a"), b = place.net("b");
  const tests::Finished both = place.train({a, "--seed", "3", b, "--json"}, "family");
  CAPTURE(both.err);
  REQUIRE(both.code == 0);
  const Json records = Json::parse(both.out);
  REQUIRE(records.size() == 2);
  CHECK(records[0]["name"] == "a");
  CHECK(records[1]["seed"] == 3);
  CHECK(records[0]["top1"] == records[1]["top1"]);  // the same net, data and seed
  CHECK(fs::exists(place.folder / "family/b/model.safetensors"));
  CHECK(tests::contains(spec::read_file(place.folder / "family/results.csv"), "model,img_size,top1"));
  const tests::Finished again = place.train({a, "--seed", "3", b}, "family");
  CHECK(again.code == 0);
  CHECK(again.seconds < both.seconds);
  for (const auto& [flag, word] :
       {std::pair{"--epoch", "did you mean '--epochs'?"}, {"--num-classes", "pictures"}}) {
    const tests::Finished refused = place.train({a, b, flag, "3"}, "other");
    CHECK(refused.code == 2);
    CHECK(tests::contains(refused.err, word));
  }
  check_one_message(place.train({a, a}, "other"), 2, "a second net");
}
