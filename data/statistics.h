// Mean and standard deviation of a dataset's pixels, per channel, on the 0..1 scale.
#pragma once

#include <vector>

#include "data/dataset.h"

namespace effnet::data {

struct PixelStatistics {
  std::vector<double> mean, stddev;  // stddev is 1 for a channel that never changes
};

// Every pixel counts alike. Of a set of more than `largest_sample` pictures, that many evenly spaced ones are
// looked at. Exact sums over 8-bit values, so the result does not depend on the order.
PixelStatistics pixel_statistics(const Dataset& dataset, std::int64_t largest_sample);

}  // namespace effnet::data
