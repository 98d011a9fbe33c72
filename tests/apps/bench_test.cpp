// effnet bench: the sibling's output and exit code, with all flags.
#include <nlohmann/json.hpp>

#include "tests/apps/run_program.h"
#include "tests/apps/small_pictures.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::check_one_message;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSpace = R"(
name = "tiny"
[skeleton]
input = 12
channels = 1
classes = 4
stem = "conv_k3_s1_c8"
head = "-"
activation = "silu"
divisor = 4
[[stage]]
op = "mb"
stride = 2
channels = [8, 12]
kernel = 3
expand = [1, 2]
repeats = 1
se = 0
)";

// A plan of two workers whose pictures lie in `data`.
fs::path write_plan(const fs::path& folder, const fs::path& data) {
  spec::write_file_atomically(folder / "space.toml", kSpace);
  spec::write_file_atomically(
      folder / "plan.toml",
      "name = \"tiny\"\nworkers = 2\n[data]\ndataset = \"idx\"\nholdout = 40\ndata_dir = \"" + data.string() +
          "\"\n[recipe]\nbatch_size = 8\n[search]\ntarget = 4e4\npictures = 96\nepochs = 2\nspace = \"" +
          (folder / "space.toml").string() +
          "\"\n[fit]\npictures = 32\n[family]\nphi = [0]\npictures = 64\n");
  return folder / "plan.toml";
}

void check_search_case(const Json& row) {
  CHECK(tests::contains(row["case"].get<std::string>(), "search of plan 'tiny'"));
  const double ratio = row["ratio"];
  CHECK(ratio > 0);
  CHECK(ratio ==
        Catch::Approx(row["children_per_hour"].get<double>() / row["peer_children_per_hour"].get<double>()));
  // A child sees 96 pictures twice.
  CHECK(row["images_per_second"].get<double>() ==
        Catch::Approx(row["children_per_hour"].get<double>() * 192 / 3600));
  CHECK(row["floor"] == 2.5);
  CHECK(row["held"] == (ratio >= 2.5));
}

}  // namespace

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

TEST_CASE("bench infer --alone has no peer and no ratio") {
  const tests::Finished finished = tests::effnet({"bench", "infer", "--alone", "--seconds", "0", "--threads",
                                                  "1", "--only", "b0, 224x224, batch 1", "--json"});
  CAPTURE(finished.err);
  REQUIRE(finished.code == 0);
  const Json json = Json::parse(finished.out);
  REQUIRE(json["cases"].size() == 1);
  CHECK(json["cases"][0]["images_per_second"] > 0);
  CHECK_FALSE(json["cases"][0].contains("peer"));
  CHECK_FALSE(json["cases"][0].contains("ratio"));
}

// Whether a device is missing or the build has no kernels for one, it is one line.
TEST_CASE("bench for a CUDA device: where there is none, that is said; nets and flags are read before") {
  check_one_message(tests::effnet({"bench", "cuda-kernels", "resnet-50"}), 2, "no MBConv block");
  check_one_message(tests::effnet({"bench", "cuda-kernels", "--dtype", "half"}), 2, "bfloat16");
  for (const char* command : {"train", "infer"}) {
    INFO(command);
    const auto bench = [&](std::vector<std::string> words) {
      words.insert(words.begin(), {"bench", command});
      return tests::effnet(words);
    };
    check_one_message(bench({"b0"}), 2, "is for --device cuda");
    check_one_message(bench({"--batch", "1,8"}), 2, "is for --device cuda");
    check_one_message(bench({"--csv", "/nowhere/times.csv"}), 2, "is for --device cuda");
    check_one_message(bench({"--peers", "reference,graph-fp16"}), 2, "'graph-fp16' is for --device cuda");
    check_one_message(bench({"--device", "cuda", "--only", "b0"}), 2, "is for the CPU");
    check_one_message(bench({"--device", "cuda", "--threads", "1"}), 2, "is for the CPU");
    check_one_message(bench({"--device", "cuda", "--batch", "1,0"}), 2, "--batch");
    // The second word is a net, not another batch.
    check_one_message(bench({"--device", "cuda", "--batch", "1,8", "b17"}), 2, "b17");
  }
  check_one_message(tests::effnet({"bench", "train", "--dtype", "float"}), 2, "is for --device cuda");
  const tests::Finished finished =
      tests::effnet({"bench", "cuda-kernels", "--seconds", "0", "--only", "optimizer"});
  CAPTURE(finished.err);
  if (finished.code == 0) return;  // there is one
  check_one_message(finished, 4, "CUDA");
  check_one_message(tests::effnet({"bench", "train", "--device", "cuda"}), 4, "CUDA");
  check_one_message(tests::effnet({"bench", "infer", "b0", "--device", "cuda", "--dtype", "float", "--peers",
                                   "eager,graph,eager-fp16,graph-fp16", "--batch", "1,64"}),
                    4, "CUDA");
}

TEST_CASE("bench search: children an hour of a plan, whose rate is bounded by the time the command took") {
  const tests::TemporaryFolder folder;
  const fs::path plan = write_plan(folder.path(), tests::write_small_pictures(folder / "data"));
  const tests::Finished finished =
      tests::effnet({"bench", "search", "--plan", plan.string(), "--children", "2", "--json"});
  CAPTURE(finished.err);
  REQUIRE(finished.code == 0);
  const Json json = Json::parse(finished.out);
  REQUIRE(json["cases"].size() == 1);
  const Json& row = json["cases"][0];
  check_search_case(row);
  // Two nets by two workers, on both paths.
  const double hours =
      4 / row["children_per_hour"].get<double>() + 4 / row["peer_children_per_hour"].get<double>();
  CHECK(hours * 3600 < finished.seconds);
  CHECK_FALSE(tests::contains(finished.err, "made-up"));
}

TEST_CASE(
    "bench search: made-up pictures stand in for a plan's that are not there, never for those that were "
    "given") {
  const tests::TemporaryFolder folder;
  const fs::path plan = write_plan(folder.path(), folder / "nowhere");
  fs::create_directories(folder / "tmp");
  std::vector<std::string> words{"/usr/bin/env",
                                 "TMPDIR=" + (folder / "tmp").string(),
                                 EFFNET_PROGRAM,
                                 "bench",
                                 "search",
                                 "--plan",
                                 plan.string(),
                                 "--children",
                                 "1",
                                 "--json"};
  const tests::Finished finished = tests::Program(words).finish();
  CAPTURE(finished.err);
  REQUIRE(finished.code == 0);
  CHECK(tests::contains(finished.err, "made-up pictures stand in"));
  check_search_case(Json::parse(finished.out)["cases"][0]);
  CHECK(fs::is_empty(folder / "tmp"));
  words.insert(words.end(), {"--data-dir", (folder / "nowhere").string()});
  tests::Finished refused = tests::Program(words).finish();
  constexpr std::string_view kWait = "opening the data set ...\n";  // said where it takes more than a second
  if (refused.err.starts_with(kWait)) refused.err.erase(0, kWait.size());
  check_one_message(refused, 3, "nowhere");
}

TEST_CASE("bench floors: every case has its ratio held or missed, and --check tells by the exit code") {
  const tests::TemporaryFolder folder;
  const fs::path plan = write_plan(folder.path(), tests::write_small_pictures(folder / "data"));
  const auto floors = [&](std::vector<std::string> more) {
    more.insert(more.begin(),
                {"bench", "floors", "--seconds", "0", "--plan", plan.string(), "--children", "1"});
    return tests::effnet(more);
  };
  const tests::Finished step = floors({"--only", "width 0.25", "--json"});
  CAPTURE(step.err);
  REQUIRE(step.code == 0);
  const Json cases = Json::parse(step.out)["cases"];
  REQUIRE(cases.size() == 1);
  CHECK(cases[0]["floor"] == 2.5);
  CHECK(cases[0]["held"] == (cases[0]["ratio"] >= 2.5));
  CHECK(tests::contains(step.err, "onnxruntime was not measured"));
  const tests::Finished search = floors({"--only", "search", "--json"});
  REQUIRE(search.code == 0);
  REQUIRE(Json::parse(search.out)["cases"].size() == 1);
  check_search_case(Json::parse(search.out)["cases"][0]);

  // A peer of ours, so that the outcome is known: one that is hardly there, and one that cannot be beaten.
  const auto beside = [&](const char* rate) {
    const fs::path peer = folder / "peer";
    spec::write_file_atomically(
        peer,
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = '--threads 1 --batch 8' ] && [ $5 = --seconds ] &&\n"
        "echo '{\"peer\": \"onnxruntime 9\", \"images_per_second\": " +
            std::string(rate) + "}'\n");
    fs::permissions(peer, fs::perms::owner_all);
    return floors({"--only", "inference, b0, 224x224, batch 8", "--onnxruntime", peer.string(), "--check"});
  };
  const tests::Finished held = beside("0.001"), missed = beside("1e9");
  CAPTURE(held.err, missed.err);
  CHECK(held.code == 0);
  CHECK(tests::contains(held.out, "1.10x held"));
  CHECK(missed.code == 5);
  CHECK(tests::contains(missed.out, "1.10x missed"));
  CHECK(tests::contains(missed.err, "below their floor"));
  CHECK(beside("nothing").code == 1);
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
  check_one_message(tests::effnet({"bench", "search", "--childen", "2"}), 2, "did you mean '--children'?");
  check_one_message(tests::effnet({"bench", "floors", "--children", "0"}), 2, "--children");
  CHECK(tests::contains(tests::effnet({"bench", "floors", "--help"}).out, "--onnxruntime"));
  const std::string help = tests::effnet({"bench", "--help"}).out;
  for (const char* command : {"train", "infer", "kernels", "cuda-kernels", "search", "floors"})
    CHECK(tests::contains(help, command));
}
