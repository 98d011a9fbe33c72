// One dense k x k convolution with its surroundings: numbers for all it reads, what the kernels make of them, and the same
// by the loops in double of kernels/.
#pragma once

#include "cuda/dense_forward.h"
#include "cuda/dense_input_gradient.h"
#include "cuda/dense_weight_gradient.h"
#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

using kernels::ConvShape;

struct DenseSurroundings {
  Activation activation = Activation::kSilu;
  bool norm_before = true;  // scale, offset and activation, and going back the sums
  bool norm_behind = true;  // moments going forward, a, b, c going back
};

// Square kernels over maps of any form.
struct DenseSize {
  Index batch, in_channels, out_channels, height, width;
  int kernel = 3, stride = 1;
  kernels::Padding padding = kernels::Padding::kSame;
};
ConvShape dense_shape(const DenseSize& size);
std::string name_of(const ConvShape& shape);

class DenseExample {
 public:
  DenseExample(const ConvShape& shape, Storage storage, const DenseSurroundings& around);
  // With this x instead.
  DenseExample(const ConvShape& shape, Storage storage, const DenseSurroundings& around,
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
    std::vector<float> sums;  // (parts, 2, Cin)
    std::vector<double> weight_gradient;
  };
  Backward backward() const;
  struct ExpectedBackward {
    std::vector<double> x_gradient, weight_gradient;
  };
  ExpectedBackward expected_backward() const;

  const std::vector<double>& x() const { return x_values_; }
  std::vector<double> mean() const;  // that the sums are taken about
  // Without what is written.
  cuda::DenseForward forward_work() const;
  cuda::DenseInputGradient input_gradient_work() const;
  cuda::DenseWeightGradient weight_gradient_work() const;

 private:
  double operand(double value) const;  // as the products take it

  ConvShape shape_;
  Storage storage_;
  DenseSurroundings around_;
  StoredMap x_, y_, y_gradient_, weights_;
  DeviceBuffer<float> scale_, offset_, mean_, a_, b_, c_;
  std::vector<double> x_values_, value_, slope_;  // x, act(x * scale + offset) as the products take it, act'
};

}  // namespace effnet::tests
