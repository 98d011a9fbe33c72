#include "ops/activation.h"

namespace effnet::ops {

using kernels::Activation;

torch::Tensor activate(torch::Tensor x, Activation activation) {
  const bool in_place = !x.requires_grad();
  switch (activation) {
    case Activation::kIdentity:
      return x;
    case Activation::kRelu:
      return at::relu_(x);  // its gradient needs the output only
    case Activation::kRelu6:
      return in_place ? at::hardtanh_(x, 0, 6) : at::hardtanh(x, 0, 6);
    case Activation::kSilu:
      return in_place ? at::silu_(x) : at::silu(x);
    case Activation::kHardSwish:
      return in_place ? at::hardswish_(x) : at::hardswish(x);
  }
  return x;
}

}  // namespace effnet::ops
