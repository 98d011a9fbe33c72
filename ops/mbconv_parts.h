// What the implementations of ops/mbconv.h have in common: a block's shape, its parameters in one order.
#pragma once

#include "kernels/mbconv.h"
#include "ops/mbconv.h"

namespace effnet::ops {

kernels::MBConvShape shape_of(const torch::Tensor& x, const MBConvWeights& weights,
                              const MBConvParams& params);

// visit(tensor) for the parameters that a block of this shape has: autograd takes no undefined tensors.
template <class Weights, class Visit>
void each_weight(const kernels::MBConvShape& shape, Weights& w, Visit&& visit) {
  for (auto* tensor : {&w.depthwise, &w.depthwise_norm.weight, &w.depthwise_norm.bias, &w.project,
                       &w.project_norm.weight, &w.project_norm.bias})
    visit(*tensor);
  if (shape.expands) {
    for (auto* tensor : {&w.expand, &w.expand_norm.weight, &w.expand_norm.bias}) visit(*tensor);
  }
  if (shape.squeezes()) {
    for (auto* tensor : {&w.reduce, &w.reduce_bias, &w.gate, &w.gate_bias}) visit(*tensor);
  }
}

inline torch::autograd::variable_list list_of(const kernels::MBConvShape& shape,
                                              const MBConvWeights& weights) {
  torch::autograd::variable_list list;
  each_weight(shape, weights, [&](const torch::Tensor& tensor) { list.push_back(tensor); });
  return list;
}

}  // namespace effnet::ops
