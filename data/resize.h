// Square pictures to another size with the triangle filter, widened when shrinking: what Pillow calls
// BILINEAR and torchvision bilinear with antialias. With scale = in / out and support = max(scale, 1), output
// x is the weighted mean of the inputs i around centre (x + 1/2) * scale with weights 1 - |i + 1/2 - centre|
// / support. When growing that is plain bilinear interpolation with half-pixel centres and repeated edges.
#pragma once

#include <vector>

namespace effnet::data {

// The weights of one pair of sizes, computed once; the same for both axes.
class Resizer {
 public:
  Resizer(int in_size, int out_size);

  int in_size() const { return in_size_; }

  // in (in_size, in_size, channels) -> out (out_size, out_size, channels); `scratch` is grown as needed.
  void run(const float* in, int channels, float* out, std::vector<float>& scratch) const;

 private:
  int in_size_, out_size_;
  int taps_;                    // weights an output, padded with zeros
  std::vector<int> first_;      // (out_size): first input
  std::vector<float> weights_;  // (out_size, taps)
};

}  // namespace effnet::data
