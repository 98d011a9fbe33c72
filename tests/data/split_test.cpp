// Held-out and class-balanced parts: sizes, balance, nesting, determinism.
#include "data/split.h"

#include <algorithm>
#include <numeric>

#include "tests/data/small_files.h"
#include "tests/support/catch.h"

namespace effnet::data {
namespace {

using namespace effnet::tests;
using Indices = std::vector<std::int64_t>;

// 60 of class 0, 30 of class 1, 10 of class 2, mixed.
MemoryDataset unbalanced() {
  std::vector<int> labels;
  for (int i = 0; i < 100; ++i) labels.push_back(i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2);
  return noise_dataset(labels, 3, 1, 1);
}

std::vector<int> counts(const Dataset& dataset, const Indices& indices) {
  std::vector<int> result(static_cast<std::size_t>(dataset.classes()));
  for (const auto i : indices) ++result[static_cast<std::size_t>(dataset.label(i))];
  return result;
}

TEST_CASE("a held-out part has every class's share, and nothing is lost or twice") {
  const MemoryDataset dataset = unbalanced();
  const Split split = hold_out(dataset, 20, 7);
  CHECK(counts(dataset, split.holdout) == std::vector<int>{12, 6, 2});
  CHECK(counts(dataset, split.train) == std::vector<int>{48, 24, 8});
  Indices all = split.train;
  all.insert(all.end(), split.holdout.begin(), split.holdout.end());
  std::sort(all.begin(), all.end());
  Indices expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(all == expected);
}

TEST_CASE("shares that are no whole numbers go to the largest remainders") {
  const MemoryDataset dataset = unbalanced();
  CHECK(counts(dataset, hold_out(dataset, 7, 1).holdout) == std::vector<int>{4, 2, 1});  // 4.2, 2.1, 0.7
  CHECK(hold_out(dataset, 0, 1).train.size() == 100);
}

TEST_CASE("the seed decides which are held out") {
  const MemoryDataset dataset = unbalanced();
  CHECK(hold_out(dataset, 20, 7).holdout == hold_out(dataset, 20, 7).holdout);
  CHECK(hold_out(dataset, 20, 7).holdout != hold_out(dataset, 20, 8).holdout);
}

TEST_CASE("holding out all or more is refused") {
  const MemoryDataset dataset = unbalanced();
  for (const std::int64_t count : {-1, 100, 1000}) {
    CHECK(error_of([&] { hold_out(dataset, count, 1); }).kind() == spec::ErrorKind::kUsage);
  }
}

TEST_CASE("first pictures are balanced as far as the classes reach, in order, and nest") {
  const MemoryDataset dataset = unbalanced();
  const Indices train = hold_out(dataset, 20, 7).train;  // 48, 24, 8
  const Indices twelve = first_pictures(train, dataset, 12), forty = first_pictures(train, dataset, 40);
  CHECK(counts(dataset, twelve) == std::vector<int>{4, 4, 4});
  CHECK(counts(dataset, forty) == std::vector<int>{16, 16, 8});
  CHECK(std::is_sorted(forty.begin(), forty.end()));
  CHECK(std::includes(forty.begin(), forty.end(), twelve.begin(), twelve.end()));
  CHECK(std::includes(train.begin(), train.end(), forty.begin(), forty.end()));
  CHECK(first_pictures(train, dataset, 80) == train);
  CHECK(first_pictures(train, dataset, 0).empty());
}

TEST_CASE("asking for more pictures than there are is refused") {
  const MemoryDataset dataset = unbalanced();
  const spec::Error error = error_of([&] { first_pictures({1, 2, 3}, dataset, 4); });
  CHECK(error.kind() == spec::ErrorKind::kUsage);
  CHECK(contains(error.message(), "4 are asked for, but there are 3"));
}

}  // namespace
}  // namespace effnet::data
