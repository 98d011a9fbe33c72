#include "models/activation.h"

namespace effnet::models {

torch::Tensor activate(torch::Tensor x, spec::Activation activation) {
  const bool in_place = !x.requires_grad();
  switch (activation) {
    case spec::Activation::kIdentity:
      return x;
    case spec::Activation::kRelu:
      return at::relu_(x);  // its gradient needs the output only
    case spec::Activation::kRelu6:
      return in_place ? at::hardtanh_(x, 0, 6) : at::hardtanh(x, 0, 6);
    case spec::Activation::kSilu:
      return in_place ? at::silu_(x) : at::silu(x);
    case spec::Activation::kHardSwish:
      return in_place ? at::hardswish_(x) : at::hardswish(x);
  }
  return x;
}

}  // namespace effnet::models
