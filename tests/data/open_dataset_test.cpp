// From a folder to a data set: what is recognised, statistics, fingerprints, and advice where there is
// nothing.
#include "data/open_dataset.h"

#include "data/statistics.h"
#include "tests/data/small_files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace effnet::data {
namespace {

namespace fs = std::filesystem;
using namespace effnet::tests;
using Catch::Approx;

void write_idx_set(const fs::path& folder, const Bytes& pixels) {
  fs::create_directories(folder);
  write_bytes(folder / "train-images-idx3-ubyte", idx_images(2, 1, 2, pixels));
  write_bytes(folder / "train-labels-idx1-ubyte", idx_labels({0, 1}));
  write_bytes(folder / "t10k-images-idx3-ubyte", idx_images(1, 1, 2, {9, 9}));
  write_bytes(folder / "t10k-labels-idx1-ubyte", idx_labels({1}));
}

void write_photo(const fs::path& folder, const std::string& name) {
  fs::create_directories(folder);
  fs::copy_file(fs::path(EFFNET_SOURCE_DIR) / "tests/data/pictures" / name, folder / name);
}

TEST_CASE("an IDX folder is recognised, its mean and deviation are of the training part") {
  const TemporaryFolder folder;
  write_idx_set(folder.path(), {0, 255, 0, 255});
  const OpenedDataset opened = open_dataset({.data_dir = folder.path()});
  CHECK(opened.name == "idx");
  CHECK(opened.train->size() == 2);
  CHECK(opened.test->size() == 1);
  REQUIRE(opened.mean.size() == 1);
  CHECK(opened.mean[0] == Approx(0.5));
  CHECK(opened.stddev[0] == Approx(0.5));
}

TEST_CASE("the name of the folder tells Fashion-MNIST from its kin") {
  const TemporaryFolder folder;
  write_idx_set(folder / "fashion-mnist", {1, 2, 3, 4});
  CHECK(open_dataset({.data_dir = folder / "fashion-mnist"}).train->class_names()[1] == "Trouser");
  CHECK(open_dataset({.data_dir = folder / "fashion-mnist" / ""}).name == "fashion-mnist");
  CHECK(open_dataset({.data_dir = folder / "fashion-mnist", .dataset = "idx"}).train->classes() == 2);
}

TEST_CASE("a picture of one colour has deviation 1, so that nothing is divided by 0") {
  const TemporaryFolder folder;
  write_idx_set(folder.path(), {7, 7, 7, 7});
  CHECK(open_dataset({.data_dir = folder.path()}).stddev[0] == 1.0);
}

TEST_CASE("equal files have equal fingerprints, one other pixel another") {
  const TemporaryFolder folder;
  write_idx_set(folder / "a", {1, 2, 3, 4});
  write_idx_set(folder / "b", {1, 2, 3, 4});
  write_idx_set(folder / "c", {1, 2, 3, 5});
  const auto fingerprint = [&](std::string_view name) {
    return open_dataset({.data_dir = folder / name}).fingerprint;
  };
  CHECK(fingerprint("a").size() == 16);
  CHECK(fingerprint("a") == fingerprint("b"));
  CHECK(fingerprint("a") != fingerprint("c"));
}

TEST_CASE("an image folder is recognised; classes are sorted, hidden files and notes passed over") {
  const TemporaryFolder folder;
  write_photo(folder / "train/tulip", "rgb.jpg");
  write_photo(folder / "train/daisy", "grey.jpg");
  write_photo(folder / "train/daisy", "rgba.png");
  write_photo(folder / "val/tulip", "rgb.webp");
  write_photo(folder / "train/.ipynb_checkpoints", "rgb.bmp");
  std::ofstream(folder / "train/daisy/notes.txt") << "no picture";
  const OpenedDataset opened = open_dataset({.data_dir = folder.path()});
  CHECK(opened.name == "folder");
  CHECK(opened.train->class_names() == std::vector<std::string>{"daisy", "tulip"});
  CHECK(opened.train->size() == 3);
  CHECK(opened.train->channels() == 3);
  CHECK(opened.train->label(2) == 1);
  CHECK(opened.test->label(0) == 1);
  CHECK(opened.train->picture(0).pixels.size() == 48 * 32 * 3);
  CHECK(opened.mean.size() == 3);

  write_photo(folder / "val/tulip", "rgb.bmp");
  CHECK(open_dataset({.data_dir = folder.path()}).fingerprint != opened.fingerprint);
}

TEST_CASE("an image folder that is not laid out right says what is expected") {
  const TemporaryFolder folder;
  const auto error = [&] {
    return error_of([&] { open_dataset({.data_dir = folder.path(), .dataset = "folder"}); });
  };
  CHECK(contains(error().message(), "has no folder train/"));
  write_photo(folder / "train/daisy", "rgb.jpg");
  CHECK(contains(error().message(), "has no folder val/"));
  CHECK(contains(error().advice(), "ROOT/val/CLASS/*.jpg"));
  write_photo(folder / "val/rose", "rgb.jpg");
  CHECK(contains(error().message(), "is a class that train/ does not have"));
  fs::create_directories(folder / "train/rose");
  CHECK(contains(error().message(), "has no pictures"));
  CHECK(contains(error().where(), "train/rose"));
}

TEST_CASE("a text named .jpg is found by its name when it is read") {
  const TemporaryFolder folder;
  write_photo(folder / "train/daisy", "rgb.jpg");
  write_photo(folder / "val/daisy", "rgb.jpg");
  std::ofstream(folder / "train/daisy/a.jpg") << "not found";
  const spec::Error error = error_of([&] { open_dataset({.data_dir = folder.path()}); });
  CHECK(error.kind() == spec::ErrorKind::kBadData);
  CHECK(contains(error.where(), "train/daisy/a.jpg"));
}

TEST_CASE("nothing there: kind and advice") {
  const TemporaryFolder folder;
  const auto error = [&](const fs::path& dir, const std::string& dataset) {
    return error_of([&] { open_dataset({.data_dir = dir, .dataset = dataset}); });
  };
  CHECK(error(folder / "missing", "auto").kind() == spec::ErrorKind::kBadData);
  CHECK(contains(error(folder.path(), "auto").message(), "holds no data set that is known"));
  CHECK(contains(error(folder.path(), "cifar-10").message(), "data_batch_*.bin"));
  CHECK(contains(error(folder.path(), "mnist").message(), "train-images-idx3-ubyte"));
  CHECK(error("", "auto").kind() == spec::ErrorKind::kUsage);
  CHECK(error(folder.path(), "cifar10").kind() == spec::ErrorKind::kUsage);
  CHECK(contains(error(folder.path(), "cifar10").advice(), "cifar-10"));
}

TEST_CASE("Fashion-MNIST as Debian packs it") {
  if (!fs::exists("/usr/share/datasets/fashion-mnist")) {
    CHECK(contains(error_of([] { open_dataset({.dataset = "fashion-mnist"}); }).advice(), "apt-get install"));
    return;
  }
  const OpenedDataset opened = open_dataset({.dataset = "fashion-mnist"});
  CHECK(opened.train->size() == 60000);
  CHECK(opened.test->size() == 10000);
  std::vector<int> counts(10);
  for (std::int64_t i = 0; i < 60000; ++i) ++counts[static_cast<std::size_t>(opened.train->label(i))];
  CHECK(counts == std::vector<int>(10, 6000));           // as its paper says (arXiv 1708.07747)
  CHECK(opened.mean[0] == Approx(0.2860).margin(5e-5));  // the figures everybody uses
  CHECK(opened.stddev[0] == Approx(0.3530).margin(5e-5));
}

}  // namespace
}  // namespace effnet::data
