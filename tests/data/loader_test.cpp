// Batches: order, remainders, the same bits for any number of workers and for a resumed epoch, errors in
// their place.
#include "data/loader.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/data/small_files.h"
#include "tests/support/catch.h"

namespace effnet::data {
namespace {

using namespace effnet::tests;
using Catch::Approx;

std::vector<std::int64_t> first(std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

// 50 pictures, each of its own class, so that a label is an index.
const MemoryDataset& fifty() {
  static const MemoryDataset dataset = [] {
    std::vector<int> labels(50);
    std::iota(labels.begin(), labels.end(), 0);
    return noise_dataset(labels, 50, 12, 3);
  }();
  return dataset;
}

LoaderOptions everything() {
  return {.indices = first(50),
          .batch_size = 8,
          .img_size = 16,
          .shuffle = Shuffle::kYes,
          .augment = {.crop_padding = 2, .hflip = true, .erase_probability = 0.5},
          .augmented = Augmented::kYes,
          .mean = {0.4, 0.5, 0.6},
          .stddev = {0.2, 0.3, 0.4},
          .seed = 11,
          .epoch = 3};
}

std::vector<Batch> batches(const Dataset& dataset, const LoaderOptions& options) {
  Loader loader(dataset, options);
  std::vector<Batch> all;
  for (Batch batch; loader.next(batch); batch = {}) all.push_back(batch);
  return all;
}

std::vector<std::int64_t> labels(const std::vector<Batch>& all) {
  std::vector<std::int64_t> result;
  for (const Batch& batch : all) result.insert(result.end(), batch.labels.begin(), batch.labels.end());
  return result;
}

bool same_bits(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Batch& x, const Batch& y) {
    return x.labels == y.labels && x.pixels == y.pixels;
  });
}

TEST_CASE("in the given order, normalised, the last batch smaller") {
  const std::vector<Batch> all = batches(fifty(), {.indices = {4, 2, 0, 49, 7},
                                                   .batch_size = 2,
                                                   .img_size = 12,
                                                   .mean = {0.5, 0.5, 0.5},
                                                   .stddev = {0.5, 0.5, 0.5}});
  REQUIRE(all.size() == 3);
  CHECK(labels(all) == std::vector<std::int64_t>{4, 2, 0, 49, 7});
  CHECK(all[2].count == 1);
  CHECK(all[0].count == 2);
  CHECK((all[0].channels == 3 && all[0].height == 12 && all[0].width == 12));
  const Picture second = fifty().picture(2);
  REQUIRE(all[0].pixels.size() == 2 * second.pixels.size());
  for (std::size_t i = 0; i < second.pixels.size(); ++i) {
    REQUIRE(all[0].pixels[second.pixels.size() + i] == Approx(second.pixels[i] / 127.5 - 1).margin(1e-6));
  }
}

TEST_CASE("the last batch can be dropped") {
  Loader loader(fifty(),
                {.indices = first(50), .batch_size = 8, .img_size = 12, .drop_last = DropLast::kYes});
  CHECK(loader.batches() == 6);
  CHECK(Loader(fifty(), {.indices = first(50), .batch_size = 8, .img_size = 12}).batches() == 7);
  CHECK(Loader(fifty(), {.indices = {}, .batch_size = 8, .img_size = 12}).batches() == 0);
}

TEST_CASE("shuffling shows every picture once, in another order every epoch and seed") {
  LoaderOptions options = everything();
  const auto order = labels(batches(fifty(), options));
  CHECK(std::set(order.begin(), order.end()).size() == 50);
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
  options.epoch = 4;
  CHECK(labels(batches(fifty(), options)) != order);
  options = everything();
  options.seed = 12;
  CHECK(labels(batches(fifty(), options)) != order);
}

TEST_CASE("the number of workers changes no bit") {
  LoaderOptions options = everything();
  const std::vector<Batch> alone = batches(fifty(), options);
  for (const int workers : {1, 2, 5}) {
    options.workers = workers;
    CAPTURE(workers);
    CHECK(same_bits(batches(fifty(), options), alone));
  }
}

TEST_CASE("an epoch can be taken up in the middle") {
  LoaderOptions options = everything();
  const std::vector<Batch> whole = batches(fifty(), options);
  options.first_batch = 4;
  for (const int workers : {0, 2}) {
    options.workers = workers;
    CHECK(same_bits(batches(fifty(), options), {whole.begin() + 4, whole.end()}));
  }
  options.first_batch = 7;
  CHECK(batches(fifty(), options).empty());
}

TEST_CASE("what is done to a picture depends on its index, not on its place in the epoch") {
  LoaderOptions options = everything();
  options.shuffle = Shuffle::kNo;
  options.batch_size = 1;
  options.indices = {3, 17, 40};
  const std::vector<Batch> forwards = batches(fifty(), options);
  options.indices = {40, 17, 3};
  const std::vector<Batch> backwards = batches(fifty(), options);
  CHECK(forwards[0].pixels == backwards[2].pixels);
  options.epoch = 9;
  CHECK(batches(fifty(), options)[2].pixels != backwards[2].pixels);
}

TEST_CASE("equal pictures of one epoch are not all cut alike") {
  PixelBlock block{.channels = 1, .height = 8, .width = 8};
  for (int i = 0; i < 30; ++i) {
    const Bytes picture = counting(64);
    block.pixels.insert(block.pixels.end(), picture.begin(), picture.end());
  }
  const MemoryDataset dataset(std::move(block), std::vector<int>(30, 0), {"only"});
  const LoaderOptions options{.indices = first(30),
                              .batch_size = 1,
                              .img_size = 8,
                              .augment = {.crop_padding = 2},
                              .augmented = Augmented::kYes};
  std::set<std::vector<float>> cuts;
  for (const Batch& batch : batches(dataset, options)) cuts.insert(batch.pixels);
  CHECK(cuts.size() > 12);  // of 25 windows, 30 draws meet 17.7 on average
}

TEST_CASE("without augmentation the options of augmentation do nothing") {
  LoaderOptions options = everything();
  options.augmented = Augmented::kNo;
  LoaderOptions plain = options;
  plain.augment = {};
  CHECK(same_bits(batches(fifty(), options), batches(fifty(), plain)));
}

class BrokenAt20 : public Dataset {
 public:
  BrokenAt20() : Dataset(std::vector<int>(50, 0), {"only"}, 1) {}
  Picture picture(std::int64_t index) const override {
    if (index == 20) throw spec::Error(spec::ErrorKind::kBadData, "photo20.jpg", "cannot be decoded");
    return {1, 2, 2, {0, 1, 2, 3}};
  }
};

TEST_CASE("a broken picture comes out of its own batch, then and later, whoever met it") {
  const BrokenAt20 dataset;
  for (const int workers : {0, 1, 3}) {
    CAPTURE(workers);
    Loader loader(dataset, {.indices = first(50), .batch_size = 8, .img_size = 2, .workers = workers});
    Batch batch;
    CHECK(loader.next(batch));
    CHECK(loader.next(batch));
    for (int again = 0; again < 2; ++again) {
      CHECK(error_of([&] { loader.next(batch); }).where() == "photo20.jpg");
    }
  }
}

TEST_CASE("a loader can be left early") {
  LoaderOptions options = everything();
  options.workers = 3;
  Loader loader(fifty(), options);
  Batch batch;
  CHECK(loader.next(batch));
}

TEST_CASE("options out of range are refused") {
  const auto refused = [](auto change) {
    LoaderOptions options = everything();
    change(options);
    return error_of([&] { Loader(fifty(), options); }).kind() == spec::ErrorKind::kUsage;
  };
  CHECK(refused([](LoaderOptions& o) { o.batch_size = 0; }));
  CHECK(refused([](LoaderOptions& o) { o.img_size = 0; }));
  CHECK(refused([](LoaderOptions& o) { o.img_size = 1 << 20; }));
  CHECK(refused([](LoaderOptions& o) { o.workers = -1; }));
  CHECK(refused([](LoaderOptions& o) { o.indices.push_back(50); }));
  CHECK(refused([](LoaderOptions& o) { o.augment.crop_padding = -1; }));
  CHECK(refused([](LoaderOptions& o) { o.mean = {0.5}; }));
  CHECK_FALSE(refused([](LoaderOptions&) {}));
}

}  // namespace
}  // namespace effnet::data
