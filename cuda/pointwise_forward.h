// The 1x1 convolution forward on CUDA, channels_last, with what surrounds it in a block in one pass over the maps:
//
//   y = W (gate * act(x * scale + offset)) + bias + residual,  and the moments of y a channel for the batch norm behind it
//
// Storage float or bfloat16; products of bfloat16 by the tensor cores with sums in float, which rounds what stands in the
// parentheses to bfloat16. The moments are those of y as it is stored. All memory lies at multiples of 16 bytes.
#pragma once

#include "cuda/pointwise_plan.h"
#include "cuda/storage.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct PointwiseForward {
  PointwiseShape shape;
  Storage storage = Storage::kFloat;
  const void* x = nullptr;                                          // (N, P, Cin)
  const float *scale = nullptr, *offset = nullptr;                  // (Cin), both null: x is taken as it is
  kernels::Activation activation = kernels::Activation::kIdentity;  // only with scale
  const float* gate = nullptr;                                      // (N, Cin) or null
  const void* weights = nullptr;                                    // (Cout, Cin), stored as the maps are
  const float* bias = nullptr;                                      // (Cout) or null
  const void* residual = nullptr;                                   // (N, P, Cout) or null
  void* y = nullptr;                                                // (N, P, Cout)
  float* moments = nullptr;  // (moment_parts, 3, Cout): count, mean, squared deviations; null: not wanted
};

// Of the three, pointers are asked only whether they are null.
Index moment_parts(const PointwiseForward& work);  // rows of `moments`; norm_finish.h joins them
BytesModel bytes_of(const PointwiseForward& work);
double flops_of(const PointwiseForward& work);  // products alone

// Throws std::invalid_argument for shapes that there is no kernel for (pointwise_plan.h), std::runtime_error where the
// launch fails. Returns without waiting.
void pointwise_forward(const PointwiseForward& work, Stream stream);

}  // namespace effnet::cuda
