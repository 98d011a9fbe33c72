// The parameters of a net in training, where one block of memory holds all of them and further blocks what belongs to each
// number, at the same place: its gradient, and its copy in bfloat16. With a context that has them (ops/execution.h) the
// operators on CUDA read the copy in place of rounding a weight at every step, and write gradients where they belong in
// place of handing them to LibTorch, which would add each by an operator of its own. So gradients must be 0 before a step,
// and a parameter be used once in it. Whoever changes parameters changes the copy.
#pragma once

#include <torch/torch.h>

namespace effnet::ops {

struct FlatParameters {
  torch::Tensor parameters, gradients;  // (P) floats
  torch::Tensor bfloat16;               // (P), or undefined: maps are floats

  // The part of a block that belongs to a weight, with its sizes and strides; undefined where the weight is none of these
  // parameters, or there is no such block.
  torch::Tensor part_of(const torch::Tensor& block, const torch::Tensor& weight) const {
    if (!block.defined() || !weight.defined() || weight.scalar_type() != torch::kFloat) return {};
    const float* const first = parameters.const_data_ptr<float>();
    const float* const at = weight.const_data_ptr<float>();
    if (std::less<>()(at, first) || !std::less<>()(at, first + parameters.numel())) return {};
    return block.as_strided(weight.sizes(), weight.strides(), at - first);
  }
};

}  // namespace effnet::ops
