// The dense k x k convolution forward on CUDA (kernels/conv.h), channels_last, with what surrounds it in one pass over the
// maps:
//
//   y = conv(act(x * scale + offset)),  and the moments of y a channel for the batch norm behind it
//
// What lies outside of the map is 0 behind the activation. Storage float or bfloat16; products of bfloat16 by the tensor
// cores with sums in float, which rounds what stands in the parentheses to bfloat16. The moments are those of y as it is
// stored. All memory lies at multiples of 16 bytes. x is asked for k * k / stride^2 times for each chunk of y's channels,
// which the second level cache answers, and batch norm and activation are worked out as often.
#pragma once

#include "cuda/dense_plan.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct DenseForward {
  ConvShape shape;  // its activation belongs to who reads y
  Storage storage = Storage::kFloat;
  const void* x = nullptr;                                          // (N, H, W, Cin)
  const float *scale = nullptr, *offset = nullptr;                  // (Cin), both null: x is taken as it is
  kernels::Activation activation = kernels::Activation::kIdentity;  // only with scale
  const void* weights = nullptr;  // (Cout, k, k, Cin), stored as the maps are
  void* y = nullptr;              // (N, H', W', Cout), written
  float* moments = nullptr;  // (moment_parts, 3, Cout): count, mean, squared deviations; null: not wanted
};

// Of these, pointers are asked only whether they are null.
Index moment_parts(const DenseForward& work);  // rows of `moments`; norm_finish.h joins them
BytesModel bytes_of(const DenseForward& work);
double flops_of(const DenseForward& work);

// Throws std::invalid_argument for shapes that there is no kernel for (dense_plan.h), std::runtime_error where the launch
// fails. Returns without waiting.
void dense_forward(const DenseForward& work, Stream stream);

}  // namespace effnet::cuda
