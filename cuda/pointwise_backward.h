// The way back through pointwise_forward.h on CUDA, both gradients in one pass over the maps:
//
//   dy = a * d + b * y + c                 back through the batch norm behind y; d is the gradient of what it put out
//   z = x * scale + offset,  x1 = act(z)   worked out again
//   weight gradient = sum over the pixels of dy (gate * x1)^T
//   g = W^T dy                             the gradient of gate * x1
//
// Without a gate what is written is the gradient of z, of what the batch norm before x put out, as depthwise_backward.h
// writes it, and that batch norm's sums (norm_finish.h):
//
//   d1 = g * act'(z) + addend,  sums of d1 and d1 * (x - mean) a channel
//
// With a gate the gradient of z has a part that comes through the gate, which needs all of g before it is known. So g
// itself is written, and three sums of it a picture and channel:
//
//   sums of g * x1, g * act'(z), g * act'(z) * (x - mean)
//
// The first is the gradient of the gate. With dz = (gate * g + p) * act'(z), p the gradient that reaches x1 through the
// picture's mean, the batch norm's sums of dz and dz * (x - mean) follow from the other two and from the sums of act'(z)
// and act'(z) * (x - mean), so nobody passes over the maps for them.
//
// Sums are those of g or d1 as stored. Products of bfloat16 round dy and gate * x1 to bfloat16.
#pragma once

#include "cuda/pointwise_plan.h"
#include "cuda/storage.h"
#include "kernels/activation.h"

namespace effnet::cuda {

struct PointwiseBackward {
  PointwiseShape shape;
  Storage storage = Storage::kFloat;
  const void* y_gradient = nullptr;                                 // d, (N, P, Cout)
  const void* y = nullptr;                                          // (N, P, Cout); null: dy is d
  const float *a = nullptr, *b = nullptr, *c = nullptr;             // (Cout), null without y
  const void* x = nullptr;                                          // (N, P, Cin)
  const float *scale = nullptr, *offset = nullptr;                  // (Cin), both null: x1 is x and act' is 1
  kernels::Activation activation = kernels::Activation::kIdentity;  // only with scale
  const float* gate = nullptr;                                      // (N, Cin) or null
  const float* mean = nullptr;                                      // (Cin) of x, only with sums or gate_sums
  const void* weights = nullptr;                                    // (Cout, Cin), stored as the maps are
  const void* addend = nullptr;                                     // (N, P, Cin) or null, only without gate
  void* x_gradient = nullptr;                                       // d1 or g, (N, P, Cin), written
  float* sums = nullptr;             // (gradient_parts, 2, Cin), written, only without gate; null: not wanted
  float* gate_sums = nullptr;        // (N, gate_parts, 3, Cin), written, where there is a gate
  float* weight_parts = nullptr;     // (weight_gradient_parts, Cout, Cin), memory to work in
  float* weight_gradient = nullptr;  // (Cout, Cin), written
};

// Of these, pointers are asked only whether they are null.
Index gradient_parts(const PointwiseBackward& work);
Index gate_parts(const PointwiseBackward& work);
Index weight_gradient_parts(const PointwiseBackward& work);
BytesModel bytes_of(const PointwiseBackward& work);
double flops_of(const PointwiseBackward& work);  // products alone: both gradients

// Throws and returns as pointwise_forward does.
void pointwise_backward(const PointwiseBackward& work, Stream stream);

}  // namespace effnet::cuda
