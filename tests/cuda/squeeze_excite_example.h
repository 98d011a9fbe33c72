// Squeeze-and-excite in a block: the raw depthwise map, the layers and the gradient of the gated map, what the kernels
// make of them, and the same by the loops in double, pixel by pixel.
#pragma once

#include "cuda/se_layers.h"
#include "cuda/se_pool.h"
#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

using cuda::RowShape;

class SqueezeExciteExample {
 public:
  SqueezeExciteExample(const RowShape& shape, Index squeezed_channels, Storage storage,
                       Activation activation);
  // With this y instead.
  SqueezeExciteExample(const RowShape& shape, Index squeezed_channels, Storage storage, Activation activation,
                       const std::vector<double>& y);

  struct Result {
    std::vector<std::byte> bytes;                                  // of all that the kernels wrote
    std::vector<double> pool_sums;                                 // (N, 3, C), the parts of a picture joined
    std::vector<double> pooled, squeezed, gate;                    // (N, C), (N, Cs), (N, C)
    std::vector<double> mean_gradient;                             // (N, C)
    std::vector<double> reduce, reduce_bias, expand, expand_bias;  // gradients
    std::vector<double> norm_sums;                                 // (2, C), the pictures joined
  };
  Result result() const;    // of the kernels
  Result expected() const;  // of the definitions, bytes empty

  // The sums alone, with moments or without.
  std::vector<float> pool(bool moments) const;
  cuda::SePool pool_work() const;  // without what is written
  cuda::SeLayersForward forward_work() const;
  cuda::SeLayersBackward backward_work() const;

  static constexpr Index kGateParts = 3;

 private:
  Index parts() const { return cuda::pool_parts(shape_, storage_); }

  RowShape shape_;
  Storage storage_;
  kernels::SqueezeExciteShape layers_;
  StoredMap y_, g_;
  std::vector<double> y_mean_;
  DeviceBuffer<float> scale_, offset_, mean_, reduce_, reduce_bias_, expand_, expand_bias_;
};

}  // namespace effnet::tests
