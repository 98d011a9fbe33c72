#include "data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "spec/error.h"
#include "spec/random_stream.h"
#include "spec/trial.h"

namespace effnet::data {
namespace {

std::vector<std::vector<std::int64_t>> by_class(const Dataset& dataset) {
  std::vector<std::vector<std::int64_t>> members(static_cast<std::size_t>(dataset.classes()));
  for (std::int64_t i = 0; i < dataset.size(); ++i)
    members[static_cast<std::size_t>(dataset.label(i))].push_back(i);
  return members;
}

// How many of each class when `count` are drawn: floor of the exact share, the rest to the largest
// remainders.
std::vector<std::int64_t> quotas(const std::vector<std::vector<std::int64_t>>& members, std::int64_t count,
                                 std::int64_t total) {
  std::vector<std::int64_t> quota, remainder;
  for (const auto& pictures : members) {
    const auto exact = static_cast<std::int64_t>(pictures.size()) * count;  // in units of 1 / total
    quota.push_back(exact / total);
    remainder.push_back(exact % total);
  }
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return remainder[a] > remainder[b]; });
  std::int64_t missing = count - std::accumulate(quota.begin(), quota.end(), std::int64_t{0});
  for (std::size_t i = 0; missing > 0; ++i, --missing) ++quota[order[i]];
  return quota;
}

}  // namespace

Split hold_out(const Dataset& dataset, std::int64_t holdout_count, std::uint64_t seed) {
  if (holdout_count < 0 || holdout_count >= dataset.size()) {
    throw spec::Error(spec::ErrorKind::kUsage, "hold-out",
                      fmt::format("{} pictures are to be held out of {}", holdout_count, dataset.size()),
                      "Hold out fewer, so that some remain to train on.");
  }
  std::vector<std::vector<std::int64_t>> members = by_class(dataset);
  const std::vector<std::int64_t> quota = quotas(members, holdout_count, dataset.size());
  Split split;
  for (std::size_t c = 0; c < members.size(); ++c) {
    spec::RandomStream(spec::derive_seed(seed, "hold-out", c)).shuffle(members[c]);
    const auto middle = members[c].begin() + quota[c];
    split.holdout.insert(split.holdout.end(), members[c].begin(), middle);
    split.train.insert(split.train.end(), middle, members[c].end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.holdout.begin(), split.holdout.end());
  return split;
}

std::vector<std::int64_t> first_pictures(const std::vector<std::int64_t>& indices, const Dataset& dataset,
                                         std::int64_t count) {
  if (count < 0 || count > static_cast<std::int64_t>(indices.size())) {
    throw spec::Error(spec::ErrorKind::kUsage, "pictures",
                      fmt::format("{} are asked for, but there are {}", count, indices.size()),
                      "Ask for fewer, or hold out fewer.");
  }
  // The n-th picture of every class comes before the (n+1)-th of any: equal counts, and smaller sets nest in
  // larger.
  using Rank =
      std::tuple<std::int64_t, int, std::size_t>;  // n within its class, class, position in `indices`
  std::vector<Rank> ranks;
  std::vector<std::int64_t> seen(static_cast<std::size_t>(dataset.classes()), 0);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const int label = dataset.label(indices[i]);
    ranks.emplace_back(seen[static_cast<std::size_t>(label)]++, label, i);
  }
  std::sort(ranks.begin(), ranks.end());
  std::vector<std::size_t> chosen;
  for (std::int64_t i = 0; i < count; ++i) chosen.push_back(std::get<2>(ranks[static_cast<std::size_t>(i)]));
  std::sort(chosen.begin(), chosen.end());
  std::vector<std::int64_t> result;
  for (const std::size_t i : chosen) result.push_back(indices[i]);
  return result;
}

}  // namespace effnet::data
