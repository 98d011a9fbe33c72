// Choosing pictures: a part held out from training, and small class-balanced parts of a part. Everything is a
// function of the arguments alone.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace effnet::data {

struct Split {
  std::vector<std::int64_t> train, holdout;  // ascending, disjoint, together all of the dataset
};

// Holds out `holdout_count` pictures drawn at random, every class in proportion to its share (rounded by
// largest remainder). Error{kUsage} unless 0 <= holdout_count < dataset.size().
Split hold_out(const Dataset& dataset, std::int64_t holdout_count, std::uint64_t seed);

// `count` of the pictures in `indices`, as equally many of every class as there are, in the order of
// `indices`. A smaller count gives a subset of what a larger one gives. Error{kUsage} if count is more than
// there are.
std::vector<std::int64_t> first_pictures(const std::vector<std::int64_t>& indices, const Dataset& dataset,
                                         std::int64_t count);

}  // namespace effnet::data
