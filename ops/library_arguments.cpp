#include "ops/library_arguments.h"

#include <array>

namespace effnet::ops {
namespace {

using torch::Tensor;

constexpr std::int64_t kLargestStride = 1024;

template <class Value, std::size_t N>
Value value_of(const std::array<std::pair<const char*, Value>, N>& words, const std::string& given,
               const char* name) {
  std::string all;
  for (const auto& [word, value] : words) {
    if (given == word) return value;
    all += std::string(all.empty() ? "" : ", ") + word;
  }
  TORCH_CHECK(false, name, " is '", given, "'; it is one of ", all);
}

std::string text_of(at::IntArrayRef sizes) {
  std::string text;
  for (const std::int64_t size : sizes)
    text += (text.empty() ? "" : ", ") + (size < 0 ? "any" : std::to_string(size));
  return "(" + text + ")";
}

bool are(at::IntArrayRef sizes, at::IntArrayRef wanted) {
  if (sizes.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (wanted[i] < 0 ? sizes[i] < 1 : sizes[i] != wanted[i]) return false;
  }
  return true;
}

}  // namespace

kernels::Activation activation_named(const std::string& word, const char* name) {
  using kernels::Activation;
  return value_of<Activation, 5>({{{"identity", Activation::kIdentity},
                                   {"relu", Activation::kRelu},
                                   {"relu6", Activation::kRelu6},
                                   {"silu", Activation::kSilu},
                                   {"hard_swish", Activation::kHardSwish}}},
                                 word, name);
}

kernels::Padding padding_named(const std::string& word, const char* name) {
  using kernels::Padding;
  return value_of<Padding, 2>({{{"same", Padding::kSame}, {"symmetric", Padding::kSymmetric}}}, word, name);
}

Kernels kernels_named(const std::string& word, const char* name) {
  return value_of<Kernels, 4>({{{"auto", Kernels::kAuto},
                                {"effnet", Kernels::kEffnet},
                                {"reference", Kernels::kReference},
                                {"cudnn", Kernels::kCudnn}}},
                              word, name);
}

LibraryArguments::LibraryArguments(const Tensor& x) : x_(x) {
  TORCH_CHECK(x.dim() == 4 && x.size(1) > 0, "x is ", text_of(x.sizes()), "; a map is (N, C, H, W)");
}

Tensor LibraryArguments::tensor(const Tensor& given, at::IntArrayRef sizes, const char* name) const {
  TORCH_CHECK(are(given.sizes(), sizes), name, " is ", text_of(given.sizes()), "; ", text_of(sizes),
              " is wanted");
  TORCH_CHECK(given.device() == x_.device(), name, " is on ", given.device(), " and x on ", x_.device());
  return given.contiguous();
}

BatchNorm LibraryArguments::norm(at::TensorList given, std::int64_t channels, double eps, double momentum,
                                 const char* name) const {
  TORCH_CHECK(given.size() == 4, name, " has ", given.size(),
              " tensors; it is [weight, bias, running_mean, running_var]");
  // Statistics are changed where they lie.
  TORCH_CHECK(given[2].is_contiguous() && given[3].is_contiguous(), name,
              "'s running statistics have gaps between their numbers");
  return {.weight = tensor(given[0], {channels}, name),
          .bias = tensor(given[1], {channels}, name),
          .running_mean = tensor(given[2], {channels}, name),
          .running_var = tensor(given[3], {channels}, name),
          .eps = eps,
          .momentum = momentum};
}

void LibraryArguments::window(const Tensor& weight, std::int64_t stride, kernels::Padding padding,
                              const char* name) const {
  const std::int64_t side = weight.size(2);
  TORCH_CHECK(side == weight.size(3), name, " is ", text_of(weight.sizes()), "; its kernel is to be square");
  TORCH_CHECK(0 < stride && stride <= kLargestStride, "stride is ", stride, "; it is 1 to ", kLargestStride);
  for (const std::int64_t size : {x_.size(2), x_.size(3)}) {
    const kernels::SidePadding by =
        kernels::padding_of(size, static_cast<int>(side), static_cast<int>(stride), padding);
    TORCH_CHECK(size > 0 && by.before + size + by.after >= side, name, "'s kernel of ", side,
                " does not fit onto x, ", text_of(x_.sizes()));
  }
}

}  // namespace effnet::ops
