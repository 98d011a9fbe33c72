// CIFAR's binary version: planes become pixels, file names choose the parts, damage is an Error.
#include "data/cifar.h"

#include "tests/data/small_files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace effnet::data {
namespace {

using namespace effnet::tests;

// One record: all red 10, green 20, blue 30, but the pixel in row 1, column 2, which is 11, 21, 31.
Bytes record(Bytes labels) {
  Bytes bytes = std::move(labels);
  for (std::uint8_t plane = 1; plane <= 3; ++plane) {
    Bytes pixels(1024, static_cast<std::uint8_t>(10 * plane));
    pixels[34] += 1;
    bytes.insert(bytes.end(), pixels.begin(), pixels.end());
  }
  return bytes;
}

std::string complaint(const Bytes& bytes, CifarKind kind) {
  CifarPart part;
  const spec::Error error = error_of([&] { parse_cifar(bytes, kind, "train.bin", part); });
  CHECK(error.kind() == spec::ErrorKind::kBadData);
  return error.message();
}

TEST_CASE("CIFAR-10 records") {
  CifarPart part;
  parse_cifar(joined({record({9}), record({0})}), CifarKind::kCifar10, "data_batch_1.bin", part);
  parse_cifar(record({4}), CifarKind::kCifar10, "data_batch_2.bin", part);
  CHECK(part.labels == std::vector<int>{9, 0, 4});
  REQUIRE(part.block.pixels.size() == 3 * 3072);
  const std::uint8_t* second = &part.block.pixels[3072];
  CHECK(Bytes(second, second + 6) == Bytes{10, 20, 30, 10, 20, 30});
  CHECK(Bytes(second + 34 * 3, second + 35 * 3) == Bytes{11, 21, 31});
}

TEST_CASE("CIFAR-100 records count by their fine label") {
  CifarPart part;
  parse_cifar(record({19, 99}), CifarKind::kCifar100, "train.bin", part);
  CHECK(part.labels == std::vector<int>{99});
  CHECK(part.block.pixels.front() == 10);
}

TEST_CASE("damaged CIFAR files") {
  CHECK(contains(complaint(record({10}), CifarKind::kCifar10), "label 10 at byte 0 is out of range 0..9"));
  CHECK(contains(complaint(record({3, 100}), CifarKind::kCifar100), "label 100 at byte 1"));
  CHECK(contains(complaint(record({1}), CifarKind::kCifar100), "needs a multiple of 3074"));
  const Bytes whole = record({1});
  for (std::size_t size = 0; size < whole.size(); size += size < 8 ? 1 : 97) {
    CAPTURE(size);
    complaint({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, CifarKind::kCifar10);
  }
}

TEST_CASE("every prefix of a packed CIFAR file is an error") {
  const Bytes packed = xzipped(record({1}));
  CHECK(unpack(packed, "train.bin.xz") == record({1}));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(
        unpack({packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size)}, "train.bin.xz"),
        spec::Error);
  }
}

TEST_CASE("all batches are training; of nested subsets the largest is") {
  const TemporaryFolder folder;
  const Bytes one = record({1}), two = joined({record({2}), record({3})});
  Fingerprint fingerprint;
  SECTION("the published set") {
    write_bytes(folder / "data_batch_1.bin", two);
    write_bytes(folder / "data_batch_2.bin", one);
    write_bytes(folder / "test_batch.bin", one);
    const auto files = find_cifar_files(folder.path(), {});
    REQUIRE(files);
    const DatasetParts parts = open_cifar(*files, fingerprint);
    CHECK(parts.train->size() == 3);
    CHECK(parts.train->label(2) == 1);
    CHECK(parts.test->size() == 1);
    CHECK(parts.train->class_names().size() == 10);
  }
  SECTION("subsets, packed, with names") {
    write_bytes(folder / "train_1.bin.xz", xzipped(one));
    write_bytes(folder / "train_2.bin.xz", xzipped(two));
    write_bytes(folder / "test_1.bin.xz", xzipped(one));
    std::ofstream(folder / "batches.meta.txt")
        << "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    const auto files = find_cifar_files(folder.path(), {});
    REQUIRE(files);
    const DatasetParts parts = open_cifar(*files, fingerprint);
    CHECK(parts.train->size() == 2);
    CHECK(parts.train->class_names()[3] == "cat");
  }
  SECTION("CIFAR-100 is told by train.bin") {
    write_bytes(folder / "train.bin", record({1, 50}));
    write_bytes(folder / "test.bin", record({1, 51}));
    const auto files = find_cifar_files(folder.path(), {});
    REQUIRE(files);
    CHECK(files->kind == CifarKind::kCifar100);
    CHECK(open_cifar(*files, fingerprint).test->label(0) == 51);
  }
  SECTION("no test part") {
    write_bytes(folder / "train.bin", one);
    CHECK(contains(error_of([&] { find_cifar_files(folder.path(), {}); }).message(), "no test*.bin"));
  }
}

}  // namespace
}  // namespace effnet::data
