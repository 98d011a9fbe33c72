// What a kernel says of the map that it stored, held against that map.
#pragma once

#include <vector>

#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

// Moments (parts, 3, C) must be those of y (rows, C) as it was stored.
void check_moments(const std::vector<double>& y, const std::vector<float>& moments, Index channels);

// Sums (parts, 2, C) must be those of d1 and d1 * (x - mean), d1 (rows, C) as it was stored.
struct StoredGradient {
  const std::vector<double>&x_gradient, &x, &mean;
};
void check_sums(const StoredGradient& stored, const std::vector<float>& sums, Index channels);

}  // namespace effnet::tests
