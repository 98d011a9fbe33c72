// The first half of an inverted bottleneck at inference: numbers for all it reads, what the kernel makes of them, and the
// same by the loops in double of kernels/.
#pragma once

#include "cuda/expand_depthwise.h"
#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

// What there is in front of the convolution, and whether its sums are wanted.
struct Expansion {
  Index in_channels = 0;    // 0: none
  bool norm_before = true;  // without expansion alone it may be left out
  Activation activation = Activation::kSilu, out_activation = Activation::kSilu;
  bool sums = true;
};

class ExpandDepthwiseExample {
 public:
  ExpandDepthwiseExample(const DepthwiseShape& shape, Storage storage, const Expansion& expansion);
  // With this x instead.
  ExpandDepthwiseExample(const DepthwiseShape& shape, Storage storage, const Expansion& expansion,
                         const std::vector<double>& x);

  static std::size_t values_of_x(const DepthwiseShape& shape, const Expansion& expansion);

  struct Result {
    std::vector<std::byte> bytes;  // of all that was written
    std::vector<double> y;         // (N, H', W', C)
    std::vector<double> sums;      // (N, C), parts joined
  };
  Result result() const;
  Result expected() const;  // y before it is rounded to the storage

  cuda::ExpandDepthwise work() const;  // without what is written

 private:
  DepthwiseShape shape_;
  Storage storage_;
  Expansion expansion_;
  StoredMap x_, expand_;
  DeviceBuffer<float> scale_, offset_, weights_, out_scale_, out_offset_;
};

}  // namespace effnet::tests
