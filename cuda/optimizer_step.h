// A step of an optimizer over all parameters of a net in one block of memory on CUDA: weight decay, clipping, the rule,
// the moving average and the bfloat16 copy in one pass that reads every number once.
//
//   g = factor * gradient + decay * p          decay for the first `decayed` parameters alone
//   sgd        m = momentum * m + g;  p -= rate * (g + momentum * m)                    (Nesterov; PyTorch's form)
//   rmsproptf  s = square_decay * s + (1 - square_decay) * g^2                          (TensorFlow's form)
//              m = momentum * m + rate * g / sqrt(s + eps);  p -= m
//   average += share * (p - average)
//
// What changes from step to step lies in device memory, so that a captured graph can be launched again: the schedule
// writes rate and share, gradient_norm the factor.
#pragma once

#include "cuda/storage.h"
#include "kernels/depthwise.h"

namespace effnet::cuda {

using kernels::Index;

enum class OptimizerRule { kSgd, kRmspropTf };

// In device memory.
struct OptimizerScalars {
  float learning_rate = 0;
  float gradient_factor = 1;
  float average_share = 0;
  float gradient_norm = 0;  // before the factor; for who wants to know
};

struct OptimizerStep {
  OptimizerRule rule = OptimizerRule::kSgd;
  Index count = 0, decayed = 0;
  float* parameters = nullptr;    // (P), all changed; at multiples of 16 bytes
  float* gradients = nullptr;     // (P), 0 afterwards
  float* momentum = nullptr;      // (P)
  float* mean_square = nullptr;   // (P), RMSProp only
  float* average = nullptr;       // (P) or null
  void* bfloat16_copy = nullptr;  // (P) of the new parameters, or null
  float weight_decay = 0, momentum_decay = 0, mean_square_decay = 0, eps = 0;
  const OptimizerScalars* scalars = nullptr;
};

// The norm of all gradients, and min(1, largest / (norm + 1e-6)), which makes it no larger than `largest`; a NaN stays one.
struct GradientNorm {
  Index count = 0;
  const float* gradients = nullptr;     // (P), at multiples of 16 bytes
  float largest = 0;                    // 0: any, the factor is 1
  double* parts = nullptr;              // (norm_parts), memory to work in
  OptimizerScalars* scalars = nullptr;  // gradient_norm and gradient_factor are written
};

Index norm_parts(Index count);

BytesModel bytes_of(const OptimizerStep& work);  // pointers are asked only whether they are null
BytesModel bytes_of(const GradientNorm& work);
double flops_of(const OptimizerStep& work);
double flops_of(const GradientNorm& work);

// Throw std::invalid_argument where there is nothing to do, std::runtime_error where a launch fails. Return without waiting.
void optimizer_step(const OptimizerStep& work, Stream stream);
void gradient_norm(const GradientNorm& work, Stream stream);

}  // namespace effnet::cuda
