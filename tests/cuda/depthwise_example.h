// One depthwise convolution with its surroundings: numbers for all it reads, what the kernels make of them, and the same
// by the loops in double of kernels/.
#pragma once

#include <string>
#include <vector>

#include "cuda/depthwise_backward.h"
#include "cuda/depthwise_forward.h"
#include "kernels/padding.h"
#include "tests/cuda/stored_map.h"

namespace effnet::tests {

using cuda::Storage;
using kernels::Activation;
using kernels::DepthwiseShape;
using kernels::Index;

// What there is around the convolution.
struct Surroundings {
  Activation activation = Activation::kSilu;
  bool norm_before = true;  // scale, offset and activation, and going back the sums
  bool norm_behind = true;  // moments going forward, a, b, c going back
  bool addend = false;      // going back
  bool gate = false;        // going back, with a norm behind: y_gradient is g
};

DepthwiseShape same_shape(Index batch, Index channels, Index height, Index width, int kernel, int stride,
                          kernels::Padding padding = kernels::Padding::kSame);
std::string name_of(const DepthwiseShape& shape);

// Numbers in -1 .. 1 that repeat nowhere.
std::vector<double> numbers(std::size_t count, double seed);

class DepthwiseExample {
 public:
  DepthwiseExample(const DepthwiseShape& shape, Storage storage, const Surroundings& around);
  // With this x instead.
  DepthwiseExample(const DepthwiseShape& shape, Storage storage, const Surroundings& around,
                   const std::vector<double>& x);

  struct Forward {
    std::vector<std::byte> bytes;   // of all that was written
    std::vector<const void*> maps;  // where the maps lay that were read and written
    std::vector<double> y;
    std::vector<float> moments;  // (parts, 3, C)
  };
  Forward forward() const;
  std::vector<double> expected_y() const;

  struct Backward {
    std::vector<std::byte> bytes;
    std::vector<const void*> maps;
    std::vector<double> x_gradient;
    std::vector<float> sums;  // (parts, 2, C)
    std::vector<float> weight_gradient;
  };
  Backward backward() const;
  struct ExpectedBackward {
    std::vector<double> x_gradient, weight_gradient;
    std::vector<double> dy;  // for tolerances
  };
  ExpectedBackward expected_backward() const;

  const std::vector<double>& x() const { return x_values_; }
  std::vector<double> mean() const;               // that the sums are taken about
  cuda::DepthwiseForward forward_work() const;    // without what is written
  cuda::DepthwiseBackward backward_work() const;  // without what is written

 private:
  // act(x * scale + offset) and its slope.
  void prologue(std::vector<double>& value, std::vector<double>& slope) const;

  DepthwiseShape shape_;
  Storage storage_;
  Surroundings around_;
  StoredMap x_, y_, y_gradient_, addend_;
  DeviceBuffer<float> scale_, offset_, mean_, a_, b_, c_, gate_, mean_gradient_, y_scale_, y_offset_,
      weights_;
  std::vector<double> x_values_;
};

// By how much the worst number is off beyond `of_floats` and the rounding of storage, half a unit of 8 bits in bfloat16.
// A NaN is off by infinity.
double error_beyond(Storage storage, double of_floats, const std::vector<double>& got,
                    const std::vector<double>& wanted);

// Counts, means and squared deviations of a channel joined in double.
struct JoinedMoments {
  double count = 0, mean = 0, variance = 0;
};
JoinedMoments joined(const std::vector<float>& moments, Index channels, Index channel);

}  // namespace effnet::tests
