// The ends of a block and of a net, each one pass over a map: numbers for all they read, what the kernels make of them,
// and the same by loops in double.
#pragma once

#include "cuda/block_output.h"
#include "cuda/head_pool.h"
#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

using cuda::RowShape;

struct OutputSurroundings {
  Activation activation = Activation::kIdentity;
  bool keep = true;
  bool residual = true;
  bool raw_residual = false;    // x behind a batch norm of its own
  bool gradient_wanted = true;  // d itself
};

class BlockEndsExample {
 public:
  BlockEndsExample(const RowShape& shape, Storage storage, const OutputSurroundings& around);
  // With this y instead.
  BlockEndsExample(const RowShape& shape, Storage storage, const OutputSurroundings& around,
                   const std::vector<double>& y);

  struct Map {
    std::vector<std::byte> bytes;  // of all that was written
    std::vector<double> map;
    std::vector<double> sums;  // (2, C), parts joined
  };
  Map output() const;
  Map output_gradient() const;
  Map pooled() const;           // (N, C)
  Map pooled_gradient() const;  // the map d

  std::vector<double> expected_output() const;
  std::vector<double> expected_output_gradient() const;
  std::vector<double> expected_pooled() const;
  std::vector<double> expected_pooled_gradient() const;
  // Of d as stored, and the sizes of their terms added up.
  struct Sums {
    std::vector<double> sums, sizes;  // (2, C)
  };
  Sums sums_of(const std::vector<double>& d) const;

  cuda::BlockOutputForward output_work() const;  // without what is written
  cuda::BlockOutputBackward output_gradient_work() const;
  cuda::HeadPoolForward pooled_work() const;
  cuda::HeadPoolBackward pooled_gradient_work() const;

 private:
  double normal(std::size_t i) const;  // y * scale + offset

  RowShape shape_;
  Storage storage_;
  OutputSurroundings around_;
  StoredMap y_, x_, out_gradient_;
  DeviceBuffer<float> scale_, offset_, mean_, x_scale_, x_offset_, keep_, pooled_gradient_;
  std::vector<double> y_values_, scale_values_, offset_values_, mean_values_, residual_values_, keep_values_;
};

}  // namespace effnet::tests
