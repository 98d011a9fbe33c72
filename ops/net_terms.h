// A net as inference takes it: its tensors and terms, layer by layer.
#pragma once

#include <variant>
#include <vector>

#include "kernels/mbconv.h"
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

// Without batch and sizes, which are those of a map.
inline kernels::MBConvShape shape_of(const NetTerms::MBConv& block) {
  const MBConvWeights& w = block.weights;
  return {.depthwise = {.channels = w.depthwise.size(0),
                        .kernel = static_cast<int>(w.depthwise.size(2)),
                        .stride = block.params.stride},
          .in_channels = w.expand.defined() ? w.expand.size(1) : w.depthwise.size(0),
          .out_channels = w.project.size(0),
          .squeezed_channels = w.reduce.defined() ? w.reduce.size(0) : 0,
          .expands = w.expand.defined(),
          .residual = block.params.residual,
          .activation = block.params.activation,
          .project_activation = block.params.project_activation};
}

}  // namespace effnet::ops
