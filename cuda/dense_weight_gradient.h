// The way back through dense_forward.h to its weights on CUDA:
//
//   dy = a * d + b * y + c,  x1 = act(x * scale + offset)     as in dense_input_gradient.h and dense_forward.h
//   weight gradient[o][i][j][c] = sum over the pixels of dy[o] * x1[c] under the tap
//
// Every block leaves a part, which a second launch joins in a fixed order. Products of bfloat16 round dy and x1 to bfloat16.
// x is asked for k * k / stride^2 times for each panel of y's channels, d and y k times for each chunk of x's.
#pragma once

#include "cuda/dense_plan.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct DenseWeightGradient {
  ConvShape shape;  // its activation belongs to who reads y
  Storage storage = Storage::kFloat;
  const void* y_gradient = nullptr;                                 // d, (N, H', W', Cout)
  const void* y = nullptr;                                          // (N, H', W', Cout); null: dy is d
  const float *a = nullptr, *b = nullptr, *c = nullptr;             // (Cout), null without y
  const void* x = nullptr;                                          // (N, H, W, Cin)
  const float *scale = nullptr, *offset = nullptr;                  // (Cin), both null: x1 is x
  kernels::Activation activation = kernels::Activation::kIdentity;  // only with scale
  float* weight_parts = nullptr;     // (weight_gradient_parts, Cout, k, k, Cin), memory to work in
  float* weight_gradient = nullptr;  // (Cout, k, k, Cin), written
};

// Of these, pointers are asked only whether they are null.
Index weight_gradient_parts(const DenseWeightGradient& work);
BytesModel bytes_of(const DenseWeightGradient& work);  // both launches
double flops_of(const DenseWeightGradient& work);

// Throws and returns as dense_forward does.
void dense_weight_gradient(const DenseWeightGradient& work, Stream stream);

}  // namespace effnet::cuda
