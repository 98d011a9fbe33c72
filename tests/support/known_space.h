// A small space and accuracies in it whose effects are known by construction: kernel 5 in stage 1 is worth 3 points,
// squeeze-and-excite in stage 2 one, nothing else anything; kernel 5 in stages 1 and 3 together 2 more.
#pragma once

namespace effnet::tests {

inline constexpr const char* kKnownSpace = R"(
name = "known"
[skeleton]
input = 16
channels = 1
classes = 10
stem = "conv_k3_s1_c8"
head = "conv_k1_s1_c32"
[[stage]]
op = "mb"
channels = [8, 12]
kernel = [3, 5]
[[stage]]
op = "mb"
channels = 16
stride = 2
expand = [2, 4]
se = [0, 0.25]
[[stage]]
op = "mb"
channels = 24
kernel = [3, 5]
repeats = [1, 2]
)";

inline double known_accuracy(double kernel1, double squeeze2, double kernel3) {
  return 80 + (kernel1 == 5 ? 3 : 0) + (squeeze2 > 0 ? 1 : 0) + (kernel1 == 5 && kernel3 == 5 ? 2 : 0);
}

}  // namespace effnet::tests
