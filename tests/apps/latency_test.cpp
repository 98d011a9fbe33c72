// effnet bench latency: the parts of a space timed through effnet-bench, and a search by what came of it.
#include "tests/apps/run_program.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using tests::contains;
using tests::Finished;

namespace {

constexpr const char* kSpace = R"(# Two small stages.
name = "tiny"
[skeleton]
input = 12
channels = 1
classes = 4
stem = "conv_k3_s1_c8"
head = "-"
[[stage]]
op = "mb"
stride = 2
channels = [8, 16]
expand = [1, 6]
[[stage]]
op = "mb"
channels = 16
kernel = [3, 5]
)";

}  // namespace

TEST_CASE("a timed space has all of the old one and searches by latency") {
  const tests::TemporaryFolder scratch;
  const std::string bare = (scratch / "bare.toml").string(), timed = (scratch / "timed.toml").string();
  spec::write_file_atomically(bare, kSpace);
  const Finished bench =
      tests::effnet({"bench", "latency", "--space", bare, "--output", timed, "--seconds", "0.001"});
  REQUIRE(bench.code == 0);
  CHECK(contains(bench.out, "timed.toml: 10 parts measured"));
  CHECK(contains(bench.out, "whole nets, 20 of them"));
  const std::string text = spec::read_file(timed);
  CHECK(text.starts_with(kSpace));
  CHECK(contains(text, "\"mb_k3_s2_e6_c16_r1 @8x12\" = "));

  SECTION("the space says what its nets take") {
    const Finished space = tests::effnet({"space", timed});
    CHECK(contains(space.out, "latency: 10 parts measured on "));
    CHECK(contains(space.out, "latency_ns"));
  }
  SECTION("a second measurement replaces the first") {
    const std::string again = (scratch / "again.toml").string();
    REQUIRE(tests::effnet(
                {"bench", "latency", "--space", timed, "--output", again, "--seconds", "0", "--check", "0"})
                .code == 0);
    const std::string second = spec::read_file(again);
    CHECK(second.starts_with(kSpace));
    CHECK(second.find("[latency]") == second.rfind("[latency]"));
  }
  SECTION("a file that is there is not overwritten") {
    check_one_message(tests::effnet({"bench", "latency", "--space", bare, "--output", timed}), 2,
                      "is there already");
    CHECK(spec::read_file(timed) == text);
  }
  SECTION("a search holds every net's latency, in its store and in its result") {
    const std::string rows = (scratch / "table.csv").string(), run = (scratch / "run").string();
    std::string table = "stage1.channels,stage1.expand,stage2.kernel,accuracy\n";
    for (const char* net :
         {"8,1,3,70", "8,6,3,75", "16,1,3,72", "16,6,3,80", "8,1,5,71", "8,6,5,76", "16,1,5,73", "16,6,5,81"})
      table += std::string(net) + "\n";
    spec::write_file_atomically(rows, table);
    const Finished search =
        tests::effnet({"search", "--space", timed, "--cost", "latency_ns", "--target", "1e9", "--strategy",
                       "exhaustive", "--trials", "8", "--random-trials", "0", "--finalists", "1",
                       "--evaluator", "table:" + rows, "--output", run});
    INFO(search.err);
    REQUIRE(search.code == 0);
    CHECK(contains(search.out, " ns "));
    const Finished exported = tests::effnet({"study", "export", run, "--format", "json"});
    REQUIRE(exported.code == 0);
    CHECK(contains(exported.out, "\"latency_ns\": "));
  }
}

TEST_CASE("where no file can be written nothing is measured") {
  const Finished finished =
      tests::effnet({"bench", "latency", "--space", "fashion-small", "--output", "/nowhere/timed.toml"});
  check_one_message(finished, 4, "/nowhere");
}

TEST_CASE("a search by latency in a space that was not timed is refused before anything is trained") {
  check_one_message(
      tests::effnet({"search", "--space", "fashion-small", "--cost", "latency_ns", "--target", "1e5"}), 2,
      "has no [latency]");
  check_one_message(tests::effnet({"search", "--space", "fashion-small", "--cost", "latency_ns"}), 2,
                    "--target");
}
