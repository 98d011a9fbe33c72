#include "kernels/activation.h"

#include <algorithm>
#include <cmath>

namespace effnet::kernels {
namespace {

double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}

}  // namespace

double activation_value(Activation activation, double z) {
  switch (activation) {
    case Activation::kIdentity:
      return z;
    case Activation::kRelu:
      return std::max(z, 0.0);
    case Activation::kRelu6:
      return std::clamp(z, 0.0, 6.0);
    case Activation::kSilu:
      return z * sigmoid(z);
    case Activation::kHardSwish:
      return z * std::clamp(z + 3, 0.0, 6.0) / 6;
  }
  return z;
}

double activation_slope(Activation activation, double z) {
  switch (activation) {
    case Activation::kIdentity:
      return 1;
    case Activation::kRelu:
      return z > 0 ? 1 : 0;
    case Activation::kRelu6:
      return z > 0 && z < 6 ? 1 : 0;
    case Activation::kSilu:
      return sigmoid(z) * (1 + z * (1 - sigmoid(z)));
    case Activation::kHardSwish:
      return z < -3 ? 0 : z > 3 ? 1 : z / 3 + 0.5;
  }
  return 1;
}

}  // namespace effnet::kernels
