// From 8-bit pixels to what a net reads: (value / 255 - mean) / stddev, by a table of 256 floats a channel.
#pragma once

#include <array>
#include <vector>

#include "data/augment.h"
#include "data/dataset.h"

namespace effnet::data {

class Normalizer {
 public:
  // One entry a channel; empty means 0 and 1. Error{kUsage} if their number is another or a stddev is not
  // positive.
  Normalizer(int channels, const std::vector<double>& mean, const std::vector<double>& stddev);

  // Writes the window of the picture to `out` (side, side, channels); outside the picture it is 0.
  void convert(const Picture& picture, const Window& window, float* out) const;

 private:
  std::vector<std::array<float, 256>> tables_;
};

}  // namespace effnet::data
