// What users and their files do wrong: one clear message each, the documented exit code, nothing lost.
#include <algorithm>

#include "tests/apps/run_program.h"
#include "tests/apps/small_pictures.h"
#include "tests/support/catch.h"

using namespace effnet;
using tests::big_endian;
using tests::check_one_message;
using tests::contains;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Place {
  tests::TemporaryFolder folder;
  fs::path data = tests::write_small_pictures(folder / "data");

  std::vector<std::string> words(const std::string& output = "run") const {
    return {"train",
            "--arch",
            tests::kSmallNet,
            "--data-dir",
            data.string(),
            "--dataset",
            "idx",
            "--holdout",
            "40",
            "--epochs",
            "1",
            "--output",
            (folder / output).string()};
  }
  tests::Finished train(const std::vector<std::string>& more = {},
                        const tests::Surroundings& around = {}) const {
    return tests::effnet_train(joined(words(), more), around);
  }
  tests::Finished search(const std::vector<std::string>& more, const tests::Surroundings& around = {}) const {
    return tests::effnet(joined({"search", "--trials", "1", "--random-trials", "0", "--pictures", "32",
                                 "--child-epochs", "1", "--output", (folder / "search").string()},
                                more),
                         around);
  }
  // Flags of a search that these pictures fit: a space of two nets for them.
  std::vector<std::string> small_search(int kernel = 3) const {
    spec::write_file_atomically(
        folder / "small.toml",
        "name = \"small\"\n[skeleton]\ninput = 12\nchannels = 1\nclasses = 4\n"
        "stem = \"conv_k3_s2_c8\"\nhead = \"-\"\nactivation = \"silu\"\n"
        "[[stage]]\nop = \"mb\"\nstride = 1\nchannels = 8\nexpand = [1, 2]\nkernel = " +
            std::to_string(kernel) + "\n");
    return {"--space",    (folder / "small.toml").string(),
            "--data-dir", data.string(),
            "--dataset",  "idx",
            "--holdout",  "40"};
  }
};

}  // namespace

TEST_CASE("damaged picture files are named, and sizes are checked before memory is taken") {
  const Place place;
  const fs::path images = place.data / "train-images-idx3-ubyte";
  const std::string good = spec::read_file(images);
  const auto damaged = [&](const std::string& bytes, const std::string& word) {
    spec::write_file_atomically(images, bytes);
    const tests::Finished finished = place.train();
    check_one_message(finished, 3, word);
    CHECK(contains(finished.err, images.string()));
  };
  damaged("", "header");
  damaged(good.substr(0, 10), "header");
  damaged(good.substr(0, good.size() - 1), "cut short");
  damaged(good + "x", "trailing");
  damaged("these are not pictures at all", "000008");
  const std::string most = big_endian(0xffffffff);
  damaged(big_endian(0x803) + most + most + most, "claims");
  damaged(big_endian(0x803) + big_endian(1) + big_endian(1u << 30) + big_endian(1), "claims");
  spec::write_file_atomically(images, good);
  const fs::path labels = place.data / "train-labels-idx1-ubyte";
  spec::write_file_atomically(labels, big_endian(0x801) + big_endian(1) + std::string(1, '\0'));
  check_one_message(place.train(), 3, "1 labels for the 240 pictures");
  fs::remove(labels);
  check_one_message(place.train(), 3, "train-labels-idx1-ubyte");
  const fs::path packed = place.data / "train-images-idx3-ubyte.gz";
  fs::rename(images, packed);
  check_one_message(place.train(), 3, "train");
  CHECK_FALSE(fs::exists(place.folder / "run/results.json"));
}

TEST_CASE("data that is not there, or does not fit the net") {
  const Place place;
  check_one_message(place.train({"--data-dir", "/nowhere"}), 3, "/nowhere");
  check_one_message(place.train({"--dataset", "fashion"}), 2, "fashion-mnist");
  check_one_message(place.train({"--dataset", "cifar-10"}), 3, place.data.string());
  check_one_message(place.train({"--num-classes", "3"}), 2, "--num-classes");
  check_one_message(place.train({"--in-chans", "3"}), 2, "channel");
  CHECK(place.train({"--holdout", "100000"}).code != 0);
  check_one_message(place.train({"--initial-checkpoint", "/nowhere.safetensors"}), 3, "/nowhere.safetensors");
}

TEST_CASE("absurd flags are refused before anything is done") {
  const Place place;
  const auto refused = [&](const std::vector<std::string>& more) {
    CAPTURE(more.front(), more.back());
    check_one_message(place.train(more), 2, "");
  };
  for (const char* flag : {"--batch-size", "--epochs"}) {
    for (const char* value : {"0", "-1", "1e99", "99999999999", "nan", ""}) refused({flag, value});
  }
  for (const char* value : {"nan", "inf", "-1", "0", "1e300", "x"}) refused({"--lr", value});
  for (const char* value : {"nan", "-0.1", "1"}) refused({"--drop", value});
  refused({"--img-size", "100000000"});
  refused({"--img-size", "-5"});
  refused({"--num-classes", "-1"});
  refused({"--seed", "-1"});
  refused({"--workers", "-1"});
  refused({"--threads", "0"});
  refused({"--train-pictures", "-7"});
  refused({"--holdout", "-1"});
  refused({"--checkpoint-hist", "-1"});
  refused({"--device", "tpu"});
  refused({"--device", "cudax"});
  refused({"--progress", "loud"});
  refused({"--opt", "adamm"});
  refused({"NET", "--arch", tests::kSmallNet});
  check_one_message(tests::effnet_train({"train", ""}), 2, "");
  check_one_message(tests::effnet_train({"train", "--arch", "conv_k3_s1_c8"}), 2, "--arch");
  check_one_message(tests::effnet({"train", ""}), 2, "");
  CHECK_FALSE(fs::exists(place.folder / "run"));
  for (const char* more :
       {"--threads", "--child-epochs", "--finalists", "--trials", "--pictures", "--lag", "--claim-timeout"})
    check_one_message(place.search({more, "0"}), 2, more);
  check_one_message(place.search({"--workers", "-1"}), 2, "--workers");
  check_one_message(place.search({"--early-stop", "meadian"}), 2, "median");
  check_one_message(place.search({"--store", "postgresql://host/db#no name"}), 2, "#");
  for (const char* target : {"nan", "-1", "0"})
    check_one_message(place.search({"--target", target}), 2, "target");
  check_one_message(place.search({"--random-trials", "-1"}), 2, "--random-trials");
  check_one_message(place.search({"--strategy", "evolutoin"}), 2, "evolution");
  check_one_message(place.search({"--strategy", "evolution:1"}), 2, "'1'");
  check_one_message(place.search({"--evaluator", "magic"}), 2, "command:PROGRAM");
  check_one_message(place.search({"--space", "b0-smal"}), 2, "b0-small");
  CHECK_FALSE(fs::exists(place.folder / "search"));
}

TEST_CASE("unknown kernels are refused with the ones there are") {
  const auto train = [](const char* kernels) {
    return tests::effnet_train({"train", "b0", "--kernels", kernels, "--output", "/nowhere"});
  };
  check_one_message(train("refrence"), 2, "did you mean 'reference'?");
  check_one_message(train("cudnnn"), 2, "known: auto, effnet, reference");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"search"},
                                                  {"fit", "--baseline", "b0"},
                                                  {"auto", "--plan", "plans/demo.toml"}}) {
    CAPTURE(command.front());
    const auto asked = [&](const char* kernels) {
      return tests::effnet(joined(command, {"--kernels", kernels, "--output", "/nowhere"}));
    };
    check_one_message(asked("refrence"), 2, "did you mean 'reference'?");
    check_one_message(asked("cudnn"), 2, "known: auto, effnet, reference");
  }
}

TEST_CASE("a search hands its kernels to its children, and keeps to them as a fit does") {
  const Place place;
  const std::vector<std::string> small = place.small_search(9);  // which only LibTorch's operators have
  const auto with = [&](const char* kernels) { return joined(small, {"--kernels", kernels}); };
  const tests::Finished reference = place.search(with("reference"));
  CAPTURE(reference.err);
  REQUIRE(reference.code == 0);
  const fs::path log = place.folder / "search/child-0.log";
  CHECK_FALSE(contains(spec::read_file(log), "falls back: "));
  CHECK(contains(spec::read_file(place.folder / "search/run.json"), "\"kernels\": \"reference\""));
  check_one_message(place.search(with("effnet")), 2, "kernels was \"reference\" and is now \"effnet\"");
  check_one_message(place.search(small), 2, "kernels was \"reference\" and is now \"auto\"");
  CHECK(place.search(with("reference")).code == 0);
  fs::remove_all(place.folder / "search");
  CHECK(place.search(with("effnet")).code == 0);
  CHECK(contains(spec::read_file(log), "only depthwise kernels 3, 5 and 7"));
  const auto fit = [&](const char* kernels) {
    return tests::effnet({"fit", "--baseline", tests::kSmallNet, "--nets", "1", "--pictures", "32",
                          "--child-epochs", "1", "--data-dir", place.data.string(), "--dataset", "idx",
                          "--holdout", "40", "--kernels", kernels, "--output",
                          (place.folder / "fit").string()});
  };
  const tests::Finished fitted = fit("reference");
  CAPTURE(fitted.err);
  REQUIRE(fitted.code == 0);
  check_one_message(fit("auto"), 2, "kernels was \"reference\" and is now \"auto\"");
}

TEST_CASE("a device that is not there is a matter of the environment") {
  const Place place;
  check_one_message(place.train({"--device", "cuda:63"}), 4, "cuda:63");
  check_one_message(place.train({"--kernels", "cudnn"}), 2, "CUDA devices alone");
}

TEST_CASE("space and plan files: unknown keys with their line, a space without a member") {
  const Place place;
  const fs::path file = place.folder / "space.toml";
  const std::string skeleton =
      "name = \"s\"\n[skeleton]\ninput = 12\nchannels = 1\nclasses = 4\nstem = \"conv_k3_s1_c8\"\n"
      "head = \"-\"\nactivation = \"silu\"\n";
  const std::string stage =
      "[[stage]]\nop = \"mb\"\nstride = 2\nchannels = [8, 16]\nkernel = 3\nexpand = [2, 3]\n";
  spec::write_file_atomically(file, skeleton + stage + "kernels = 5\n");
  check_one_message(place.search({"--space", file.string()}), 2, "space.toml:15");
  spec::write_file_atomically(file, skeleton + stage);
  check_one_message(place.search({"--space", file.string(), "--objective", "constraint", "--target", "1"}), 2,
                    "its cheapest has");
  spec::write_file_atomically(file, skeleton);
  check_one_message(place.search({"--space", file.string()}), 2, "stage");

  std::string plan = spec::read_file(std::string(EFFNET_SOURCE_DIR) + "/plans/demo.toml");
  const auto refused = [&](const std::string& before, const std::string& after, const std::string& word) {
    std::string text = plan;
    REQUIRE(text.find(before) != std::string::npos);
    text.replace(text.find(before), before.size(), after);
    spec::write_file_atomically(place.folder / "plan.toml", text);
    const std::vector<std::string> words{"auto", "--plan", (place.folder / "plan.toml").string(), "--output",
                                         (place.folder / "auto").string()};
    check_one_message(tests::effnet(words), 2, word);
    CHECK_FALSE(fs::exists(place.folder / "auto"));
  };
  refused("[search]\n", "[search]\ntrails = 3\n", "trails");
  refused("rank_check_nets = 6", "rank_check_nets = 2", "at least 3");
  refused("rank_check_nets = 6", "rank_check_nets = 31", "has only 30");
  refused("[data]\n", "[data]\ntrain_pictures = 60000\n", "train_pictures");
  refused("objective = \"hard\"", "objective = \"pareto\"", "a plan is after one net");
  refused("target = 2e6", "target = [2e6, 1e5]", "2 targets for 1 cost (macs)");
  refused("cost = \"macs\"\ntarget = 2e6",
          "cost = [\"macs\", \"params\"]\ntarget = [2e6, 1e5]\nweight = [-0.1, \"x\"]", "'x' is no weight");
  refused("workers = 2", "workers = 0", "workers");
  refused("kernels = \"auto\"", "kernels = \"refrence\"", "plan.toml:7: unknown kernels 'refrence'");
  refused("phi = [0, 1, 2]", "phi = [0, 1, 1e9]", "phi");
  refused("phi = [0, 1, 2]", "phi = [0, nan]", "phi");
  refused("phi = [0, 1, 2]", "phi = [1]", "phi");
  refused("group = \"baseline\"", "group = \"friends\"", "friends");
  refused("seeds = [1]", "seeds = [1.5]", "seeds");
  refused("seeds = [1]", "seeds = [-1]", "seeds");
  refused("holdout = 6000", "holdout = 0", "holdout");
  refused("name = \"demo\"", "name = \"../demo\"", "name");
  refused("space = \"fashion-small\"", "space = \"fashion-smal\"", "fashion-small");
  refused("strategy = \"predictor\"", "strategy = \"evolution:x\"", "evolution");
}

TEST_CASE("settings that could not begin leave the folder to the corrected ones") {
  const Place place;
  check_one_message(place.search({"--data-dir", "/nowhere", "--dataset", "idx", "--strategy", "random"}), 3,
                    "/nowhere");
  CHECK(fs::is_empty(place.folder / "search"));
  // This data set has other pictures than the built-in space's nets expect, and that is not the folder's fault.
  const tests::Finished corrected = place.search({"--data-dir", place.data.string(), "--dataset", "idx"});
  CAPTURE(corrected.err);
  CHECK_FALSE(contains(corrected.err, "other settings"));
}

TEST_CASE("a folder of something else is left alone") {
  const Place place;
  fs::create_directories(place.folder / "run");
  spec::write_file_atomically(place.folder / "run/thesis.tex", "years of work");
  check_one_message(place.train(), 2, "thesis.tex");
  check_one_message(place.train({"--force"}), 2, "thesis.tex");
  CHECK(spec::read_file(place.folder / "run/thesis.tex") == "years of work");
  spec::write_file_atomically(place.folder / "search", "a file");
  check_one_message(place.search({}), 4, "search");
}

TEST_CASE("a full disk: stdout, and files that cannot grow") {
  const Place place;
  const tests::Finished table = tests::effnet({"describe", "b0"}, {.out = "/dev/full"});
  check_one_message(table, 4, "No space left");
  const tests::Finished full = place.train({"--progress", "none"}, {.file_size = 4096});
  check_one_message(full, 4, "run");
  CHECK_FALSE(fs::exists(place.folder / "run/results.json"));
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(place.folder / "run"))
    CHECK(entry.path().extension() != ".tmp");
  CHECK(place.train({"--progress", "none"}).code == 0);  // with space again it goes on
}

TEST_CASE("a full disk in the middle of a search or a chart") {
  const Place place;
  const tests::Surroundings full{.file_size = 4096};
  const std::vector<std::string> small = place.small_search();
  check_one_message(place.search(small, full), 4, "free some space");
  CHECK(place.search(small).code == 0);  // with space again the folder takes the same search
  REQUIRE(place.train({"--progress", "none"}).code == 0);
  const std::string chart = (place.folder / "chart").string();
  check_one_message(tests::effnet({"chart", (place.folder / "run").string(), "--output", chart}, full), 4,
                    "free some space");
  CHECK_FALSE(fs::exists(chart + ".html"));
}

// Whoever may read but not write: another user of the machine, a read-only mount. Root may write anywhere, so the
// programs run as nobody where the tests run as root.
TEST_CASE("no write permission: one message that names the folder, exit code 4") {
  const Place place;
  const tests::Surroundings nobody{.as_nobody = true};
  if (const int code = tests::effnet_train({"--version"}, nobody).code; code != 0) {
    WARN("not checked: another user cannot run the programs from this folder, exit code " << code);
    return;
  }
  const auto home = place.folder.path();
  const std::vector<std::string> small = place.small_search();
  REQUIRE(place.train({"--progress", "none"}).code == 0);
  fs::permissions(
      home, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  check_one_message(place.train({"--output", (home / "new").string()}, nobody), 4, (home / "new").string());
  check_one_message(place.train({}, nobody), 4, (home / "run").string());  // a run of somebody else's
  check_one_message(place.search(small, nobody), 4, (home / "search").string());
  check_one_message(tests::effnet({"fit", "--baseline", "b0", "--output", (home / "fit").string()}, nobody),
                    4, (home / "fit").string());
  check_one_message(tests::effnet({"auto", "--plan", std::string(EFFNET_SOURCE_DIR) + "/plans/demo.toml",
                                   "--output", (home / "auto").string()},
                                  nobody),
                    4, (home / "auto").string());
  check_one_message(tests::effnet({"scale", "--published", "--output", (home / "nets").string()}, nobody), 4,
                    (home / "nets").string());
  check_one_message(
      tests::effnet({"chart", (home / "run").string(), "--output", (home / "chart").string()}, nobody), 4,
      (home / "chart").string());
  fs::permissions(home, fs::perms::owner_all);
}

TEST_CASE("no read permission: the file is named, exit code 3") {
  const Place place;
  const tests::Surroundings nobody{.as_nobody = true};
  if (tests::effnet_train({"--version"}, nobody).code != 0) return;
  fs::permissions(place.folder.path(), fs::perms::all);
  const fs::path images = place.data / "train-images-idx3-ubyte";
  fs::permissions(images, fs::perms::none);
  check_one_message(place.train({}, nobody), 3, images.string());
  fs::permissions(images, fs::perms::owner_all);
  fs::permissions(place.data, fs::perms::none);
  check_one_message(place.train({}, nobody), 3, place.data.string());
  fs::permissions(place.data, fs::perms::all);
  spec::write_file_atomically(place.folder / "net.toml", "");
  fs::permissions(place.folder / "net.toml", fs::perms::none);
  const std::vector<std::string> describe{"describe", (place.folder / "net.toml").string()};
  check_one_message(tests::effnet(describe, nobody), 3, "net.toml");
  fs::permissions(place.folder.path(), fs::perms::none);
  check_one_message(tests::effnet(describe, nobody), 3, "ermission denied");
  check_one_message(tests::effnet_train({"data", "--data-dir", place.data.string()}, nobody), 3,
                    "cannot be reached: Permission denied");
  fs::permissions(place.folder.path(), fs::perms::owner_all);
}

TEST_CASE("files without an end are not read for ever") {
  check_one_message(tests::effnet({"describe", "/dev/zero"}), 3, "256 MiB");
}
