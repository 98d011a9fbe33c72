// A net as inference takes it: its tensors and terms, layer by layer.
#pragma once

#include <variant>
#include <vector>

#include "ops/conv_norm_act.h"
#include "ops/mbconv.h"

namespace effnet::ops {

// Tensors are shared with the modules, not copied.
struct NetTerms {
  struct Conv {
    torch::Tensor weight;
    BatchNorm norm;
    ConvNormActParams params;
    bool residual = false;
  };
  struct MBConv {
    MBConvWeights weights;
    MBConvParams params;
  };
  struct Fused {  // a convolution and a pointwise one, with the input of the first added
    Conv expand, project;
    bool residual = false;
  };
  std::vector<std::variant<Conv, MBConv, Fused>> layers;
  torch::Tensor classifier_weight, classifier_bias;  // (classes, C), (classes)
};

}  // namespace effnet::ops
