// The way back through dense_forward.h to its input on CUDA:
//
//   dy = a * d + b * y + c                 back through the batch norm behind y; d is the gradient of what it put out
//   g = sum over the taps of W^T dy        the convolution of dy with the kernel turned round: the gradient of x1
//   d1 = g * act'(x * scale + offset)      that of what the batch norm before x put out
//
// and that batch norm's sums (norm_finish.h) of d1 and d1 * (x - mean) a channel, as d1 is stored. With a stride of 2 a
// pixel of x sees the taps of its phase alone, and no zeros are multiplied. Products of bfloat16 round dy to bfloat16. d and
// y are asked for k * k times for each chunk of x's channels, which the second level cache answers.
#pragma once

#include "cuda/dense_plan.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct DenseInputGradient {
  ConvShape shape;  // its activation belongs to who reads y
  Storage storage = Storage::kFloat;
  const void* y_gradient = nullptr;                                 // d, (N, H', W', Cout)
  const void* y = nullptr;                                          // (N, H', W', Cout); null: dy is d
  const float *a = nullptr, *b = nullptr, *c = nullptr;             // (Cout), null without y
  const void* x = nullptr;                                          // (N, H, W, Cin), read only with scale
  const float *scale = nullptr, *offset = nullptr;                  // (Cin), both null: act' is 1
  kernels::Activation activation = kernels::Activation::kIdentity;  // only with scale
  const float* mean = nullptr;                                      // (Cin) of x, only with sums
  const void* weights = nullptr;  // (Cout, k, k, Cin), stored as the maps are
  void* x_gradient = nullptr;     // d1, (N, H, W, Cin), written
  float* sums = nullptr;          // (gradient_parts, 2, Cin), written, only with scale; null: not wanted
};

// Of these, pointers are asked only whether they are null.
Index gradient_parts(const DenseInputGradient& work);
BytesModel bytes_of(const DenseInputGradient& work);
double flops_of(const DenseInputGradient& work);

// Throws and returns as dense_forward does.
void dense_input_gradient(const DenseInputGradient& work, Stream stream);

}  // namespace effnet::cuda
