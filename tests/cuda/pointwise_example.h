// One 1x1 convolution with its surroundings: numbers for all it reads, what the kernels make of them, and the same by the
// loops in double of kernels/.
#pragma once

#include "cuda/pointwise_backward.h"
#include "cuda/pointwise_forward.h"
#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

using kernels::PointwiseShape;

struct PointwiseSurroundings {
  Activation activation = Activation::kSilu;
  bool norm_before = true;  // scale, offset and activation, and going back the sums
  bool norm_behind = true;  // moments going forward, a, b, c going back
  bool gate = false;
  bool bias = false, residual = false;  // going forward
  bool addend = false;                  // going back
};

std::string name_of(const PointwiseShape& shape);

class PointwiseExample {
 public:
  PointwiseExample(const PointwiseShape& shape, Storage storage, const PointwiseSurroundings& around);
  // With this x instead.
  PointwiseExample(const PointwiseShape& shape, Storage storage, const PointwiseSurroundings& around,
                   const std::vector<double>& x);

  struct Forward {
    std::vector<std::byte> bytes;  // of all that was written
    std::vector<double> y;
    std::vector<float> moments;  // (parts, 3, Cout)
  };
  Forward forward() const;
  std::vector<double> expected_y() const;

  struct Backward {
    std::vector<std::byte> bytes;
    std::vector<double> x_gradient;
    std::vector<float> sums;       // (parts, 2, Cin)
    std::vector<float> gate_sums;  // (N, parts, 3, Cin)
    std::vector<double> weight_gradient;
  };
  Backward backward() const;
  struct ExpectedBackward {
    std::vector<double> x_gradient, weight_gradient;
  };
  ExpectedBackward expected_backward() const;

  const std::vector<double>& x() const { return x_values_; }
  const std::vector<double>& value() const { return value_; }  // act(x * scale + offset)
  const std::vector<double>& slope() const { return slope_; }
  std::vector<double> mean() const;               // that the sums are taken about
  cuda::PointwiseForward forward_work() const;    // without what is written
  cuda::PointwiseBackward backward_work() const;  // without what is written

 private:
  double operand(double value) const;       // as the products take it
  std::vector<double> gated_value() const;  // gate * act(x * scale + offset), as the products take it

  PointwiseShape shape_;
  Storage storage_;
  PointwiseSurroundings around_;
  StoredMap x_, y_, y_gradient_, addend_, residual_, weights_;
  DeviceBuffer<float> scale_, offset_, gate_, mean_, bias_, a_, b_, c_;
  std::vector<double> x_values_, value_, slope_;
};

}  // namespace effnet::tests
