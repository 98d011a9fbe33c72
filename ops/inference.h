// A whole net at inference as one operator (cpu/inference.h): what it is made of, and the prepared net that is kept from
// call to call for as long as the weights stay what they are.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "cpu/inference.h"
#include "ops/conv_norm_act.h"
#include "ops/mbconv.h"

namespace effnet::ops {

// The tensors and terms of a net, layer by layer; tensors are shared with the modules, not copied.
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

class PreparedNet {
 public:
  // Of maps and weights (cpu/inference.h); another one than before forgets what was prepared.
  void use(cpu::Precision precision);
  cpu::Precision precision() const { return precision_; }

  // pictures (N, C, H, W) -> logits (N, classes); an undefined tensor where there are no kernels for it, or where
  // gradients are asked for.
  torch::Tensor run(const NetTerms& terms, const torch::Tensor& pictures, const ExecutionContext& context);

  // Forgets what was prepared: after writes to the weights that their tensors do not know of.
  void reset() { net_.reset(); }

  int preparations() const { return preparations_; }  // so far

 private:
  void prepare(const NetTerms& terms, std::int64_t picture_channels);

  std::unique_ptr<cpu::InferenceNet> net_;
  std::uint64_t fingerprint_ = 0;  // of the weights that net_ was made from
  int preparations_ = 0;
  cpu::Precision precision_ = cpu::Precision::kFloat;
};

}  // namespace effnet::ops
