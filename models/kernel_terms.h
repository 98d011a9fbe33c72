// From the words of a specification to those of the operators, which know nothing of specifications.
#pragma once

#include "kernels/activation.h"
#include "kernels/padding.h"
#include "spec/arch_spec.h"

namespace effnet::models {

inline kernels::Activation kernel_term(spec::Activation activation) {
  switch (activation) {
    case spec::Activation::kIdentity:
      return kernels::Activation::kIdentity;
    case spec::Activation::kRelu:
      return kernels::Activation::kRelu;
    case spec::Activation::kRelu6:
      return kernels::Activation::kRelu6;
    case spec::Activation::kSilu:
      return kernels::Activation::kSilu;
    case spec::Activation::kHardSwish:
      return kernels::Activation::kHardSwish;
  }
  return kernels::Activation::kIdentity;
}

inline kernels::Padding kernel_term(spec::Padding padding) {
  return padding == spec::Padding::kSame ? kernels::Padding::kSame : kernels::Padding::kSymmetric;
}

}  // namespace effnet::models
