// effnet bench: the sibling's output and exit code, with all flags.
#include <nlohmann/json.hpp>

#include "tests/apps/run_program.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using Json = nlohmann::json;

TEST_CASE("bench kernels: every micro-kernel of every instruction set has a rate") {
  const tests::Finished finished =
      tests::effnet({"bench", "kernels", "--seconds", "0", "--only", "gemm", "--json"});
  CAPTURE(finished.err);
  REQUIRE(finished.code == 0);
  const Json json = Json::parse(finished.out);
  bool portable = false;
  for (const Json& row : json["kernels"]) {
    CHECK(row["rate"] > 0);
    portable = portable || row["isa"] == "portable";
  }
  CHECK(portable);
}

TEST_CASE("bench train: a case beside its peer, with the ratio") {
  const tests::Finished finished =
      tests::effnet({"bench", "train", "--seconds", "0", "--threads", "1", "--only", "width 0.25", "--json"});
  CAPTURE(finished.err);
  REQUIRE(finished.code == 0);
  const Json json = Json::parse(finished.out);
  REQUIRE(json["cases"].size() == 1);
  const Json& row = json["cases"][0];
  CHECK(row["ratio"].get<double>() ==
        Catch::Approx(row["images_per_second"].get<double>() / row["peer_images_per_second"].get<double>()));
}

TEST_CASE("bench infer: the type of maps and weights is named in the case") {
  const tests::Finished finished =
      tests::effnet({"bench", "infer", "--seconds", "0", "--threads", "1", "--alone", "--dtype", "bfloat16",
                     "--only", "b0, 224x224, batch 1", "--json"});
  CAPTURE(finished.err);
  REQUIRE(finished.code == 0);
  CHECK(Json::parse(finished.out)["cases"][0]["case"] == "inference in bfloat16, b0, 224x224, batch 1");
  check_one_message(tests::effnet({"bench", "infer", "--dtype", "float16"}), 2, "bfloat16");
}

TEST_CASE("bench: help is the sibling's, misspelt words are answered there") {
  CHECK(tests::contains(tests::effnet({"bench", "infer", "--help"}).out, "--seconds"));
  check_one_message(tests::effnet({"bench", "kernls"}), 2, "did you mean 'kernels'?");
  check_one_message(tests::effnet({"bench", "train", "--thread", "2"}), 2, "did you mean '--threads'?");
}
