// IDX files: what is read, and that every way to damage one is an Error with the file's name.
#include "data/idx.h"

#include "tests/data/small_files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace effnet::data {
namespace {

using namespace effnet::tests;

const Bytes kImages = idx_images(3, 2, 4, counting(24));
const Bytes kLabels = idx_labels({2, 0, 1});

// What parse_idx_images says about these bytes.
std::string complaint(const Bytes& bytes) {
  const spec::Error error = error_of([&] { parse_idx_images(bytes, "images"); });
  CHECK(error.kind() == spec::ErrorKind::kBadData);
  CHECK(error.where() == "images");
  return error.message();
}

void write_set(const TemporaryFolder& folder, const Bytes& images, const Bytes& labels) {
  write_bytes(folder / "train-images-idx3-ubyte", images);
  write_bytes(folder / "train-labels-idx1-ubyte", labels);
  write_bytes(folder / "t10k-images-idx3-ubyte.gz", gzipped(kImages));
  write_bytes(folder / "t10k-labels.idx1-ubyte", kLabels);
}

DatasetParts open(const TemporaryFolder& folder) {
  Fingerprint fingerprint;
  return open_idx(find_idx_files(folder.path()).value(), {}, fingerprint);
}

TEST_CASE("an IDX set, packed or not, becomes pictures and labels") {
  const TemporaryFolder folder;
  write_set(folder, kImages, kLabels);
  const DatasetParts parts = open(folder);
  CHECK(parts.train->size() == 3);
  CHECK(parts.train->class_names() == std::vector<std::string>{"0", "1", "2"});
  CHECK(parts.train->label(0) == 2);
  const Picture second = parts.train->picture(1);
  CHECK(second.channels == 1);
  CHECK(second.height == 2);
  CHECK(second.width == 4);
  CHECK(second.pixels == Bytes{56, 63, 70, 77, 84, 91, 98, 105});
  CHECK(parts.test->picture(2).pixels == parts.train->picture(2).pixels);
}

TEST_CASE("a header that promises more than there is is refused without allocating it") {
  CHECK(
      contains(complaint(idx_images(0xffffffff, 0xffffffff, 0xffffffff, counting(24))), "claims more data"));
  CHECK(contains(complaint(idx_images(1U << 30, 1, 1, counting(24))), "holds 24 bytes"));
  CHECK(contains(complaint(idx_images(0, 28, 28, {})), "dimension 1 is 0"));
  CHECK(contains(complaint(idx_images(1, 1, 100000, counting(100000))), "at most 8192"));
}

TEST_CASE("wrong magic and trailing bytes are refused") {
  Bytes floats = kImages;
  floats[2] = 0x0d;
  CHECK(contains(complaint(floats), "begins with 00000d03; expected 00000803"));
  CHECK(contains(complaint(kLabels), "ends inside the 16-byte IDX header"));
  CHECK(contains(complaint(joined({kImages, {0}})), "trailing bytes"));
}

TEST_CASE("every prefix of an IDX file is an error, packed or not") {
  const Bytes gz = gzipped(kImages), xz = xzipped(kImages);
  for (const auto& [whole, name] : {std::pair(kImages, "images"), {gz, "images.gz"}, {xz, "images.xz"}}) {
    CHECK(parse_idx_images(unpack(whole, name), name).pixels.size() == kImages.size());
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      CAPTURE(name, size);
      CHECK_THROWS_AS(parse_idx_images(unpack(prefix, name), name), spec::Error);
    }
  }
}

TEST_CASE("every flipped byte of a packed IDX file is harmless or an error") {
  const Bytes gz = gzipped(kImages);
  for (std::size_t i = 0; i < gz.size(); ++i) {
    Bytes damaged = gz;
    damaged[i] ^= 0x5a;
    CAPTURE(i);
    try {
      const PixelBlock block = parse_idx_images(unpack(damaged, "images.gz"), "images.gz");
      CHECK(block.pixels == kImages);  // time stamp, operating system
    } catch (const spec::Error& error) {
      CHECK(error.kind() == spec::ErrorKind::kBadData);
    }
  }
}

TEST_CASE("gzip files may have several members; anything else after the end is an error") {
  const Bytes first(kImages.begin(), kImages.begin() + 20), rest(kImages.begin() + 20, kImages.end());
  CHECK(unpack(joined({gzipped(first), gzipped(rest)}), "images.gz") == kImages);
  CHECK_THROWS_AS(unpack(joined({gzipped(kImages), {'x'}}), "images.gz"), spec::Error);
}

TEST_CASE("labels have to fit the pictures") {
  const TemporaryFolder folder;
  SECTION("in number") {
    write_set(folder, kImages, idx_labels({0, 1}));
    CHECK(contains(error_of([&] { open(folder); }).message(), "has 2 labels for the 3 pictures"));
  }
  SECTION("in range: the test part has label 2, training ends at 1") {
    write_set(folder, kImages, idx_labels({0, 1, 1}));
    const spec::Error error = error_of([&] { open(folder); });
    CHECK(contains(error.message(), "label 2 of picture 0 is out of range 0..1"));
    CHECK(contains(error.where(), "t10k-labels"));
  }
}

TEST_CASE("an incomplete set says which file is missing") {
  const TemporaryFolder folder;
  CHECK_FALSE(find_idx_files(folder.path()));
  write_set(folder, kImages, kLabels);
  std::filesystem::remove(folder / "t10k-labels.idx1-ubyte");
  CHECK(contains(error_of([&] { find_idx_files(folder.path()); }).message(), "no t10k-labels-idx1-ubyte"));
}

}  // namespace
}  // namespace effnet::data
