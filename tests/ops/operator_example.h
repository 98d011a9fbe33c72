// Blocks and convolutions with their surroundings for tests of the operators: tensors of every kind they have, what an
// implementation makes of them, and the same by the reference path in double.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ops/conv_norm_act.h"
#include "ops/mbconv.h"

namespace effnet::tests {

using kernels::Activation;
using kernels::Padding;
using torch::Tensor;

// Names go with tensors so that a failure says which one.
using Named = std::vector<std::pair<std::string, Tensor>>;

Tensor random_map(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w);
ops::BatchNorm random_norm(std::int64_t channels);
ops::BatchNorm in_double(const ops::BatchNorm& norm);

// The largest error beside the size of what it is an error of.
double relative_error(const Tensor& ours, const Tensor& exact);
void check_all(const Named& ours, const Named& exact, double tolerance);

// Output, gradients of every leaf, running statistics.
Named run(const std::function<Tensor()>& forward, const Named& leaves, const Tensor& out_gradient,
          const std::vector<ops::BatchNorm>& norms);

struct Block {
  int batch = 2, in = 8, expand = 4, out = 8, squeeze = 2, kernel = 3, stride = 1, height = 6, width = 6;
  Activation activation = Activation::kSilu;
  Padding padding = Padding::kSame;
  bool drop = false;
  Activation project_activation = Activation::kIdentity;
};

ops::MBConvWeights weights_of(const Block& block);
ops::MBConvWeights in_double(const ops::MBConvWeights& weights);
Named leaves_of(const Tensor& x, const ops::MBConvWeights& weights);

// By how much values and gradients may be off, of their size.
struct Tolerances {
  double evaluated = 1e-5, trained = 1e-4;
  double few_values = 2e-3;  // batch norm over few values a channel magnifies what is rounded
};

// Evaluation, training and all gradients of a block with random tensors, maps stored as `type`.
void compare_with_reference(const Block& block, const ops::ExecutionContext& context,
                            at::ScalarType type = torch::kFloat, const Tolerances& within = {});

enum class Wanted { kAllGradients, kAllButOfX };

// The same of a dense convolution with a random norm, in float.
void compare_conv_with_reference(const Tensor& x, const Tensor& weight, const ops::ConvNormActParams& params,
                                 const ops::ExecutionContext& context, double tolerance,
                                 Wanted wanted = Wanted::kAllGradients);

}  // namespace effnet::tests
