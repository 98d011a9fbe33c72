// The two small layers of squeeze-and-excite (arXiv 1709.01507) on CUDA, from the sums of se_pool.h to the gate that
// pointwise_forward.h applies, and back from the sums that pointwise_backward.h leaves:
//
//   pooled = sum of act(z) / P;  squeezed = Wr pooled + br;  gate = sigmoid(We act(squeezed) + be)
//
// Back, g is the gradient of gate * act(z) at a pixel, z and y as in se_pool.h. Then the gradient of z is
//
//   dz = (gate * g + p) * act'(z),  p = (gradient of pooled) / P
//
// and as gate and p are the same all over a picture, the sums over it that the batch norm before z needs follow from
// sums that are there already, without a pass over the maps:
//
//   sum of dz              = gate * sum of g act'(z)              + p * sum of act'(z)
//   sum of dz * (y - mean) = gate * sum of g act'(z) * (y - mean) + p * sum of act'(z) * (y - mean)
//
// They are written a picture, as norm_finish.h takes them with a part for each.
#pragma once

#include "cuda/storage.h"
#include "kernels/squeeze_excite.h"

namespace effnet::cuda {

using kernels::Index;
using kernels::SqueezeExciteShape;

struct SeLayersForward {
  SqueezeExciteShape shape;
  Index parts = 0;                                        // of a picture (pool_parts)
  Index numbers = 3;                                      // that se_pool has summed, 3 or 1
  const float* pool_sums = nullptr;                       // (N, parts, numbers, C)
  const float *reduce = nullptr, *reduce_bias = nullptr;  // Wr (Cs, C), br (Cs)
  const float *expand = nullptr, *expand_bias = nullptr;  // We (C, Cs), be (C)
  float *pooled = nullptr, *squeezed = nullptr,
        *gate = nullptr;  // (N, C), (N, Cs) before act, (N, C), written
};

struct SeLayersBackward {
  SqueezeExciteShape shape;
  Index gate_parts = 0, pool_parts = 0;  // of a picture
  const float* gate_sums = nullptr;      // (N, gate_parts, 3, C): g act(z), g act'(z), g act'(z) (y - mean)
  const float* pool_sums = nullptr;      // (N, pool_parts, 3, C)
  const float *pooled = nullptr, *squeezed = nullptr, *gate = nullptr;  // as the forward pass wrote them
  const float *reduce = nullptr, *expand = nullptr;                     // Wr (Cs, C), We (C, Cs)
  float *logit_gradient = nullptr, *squeezed_gradient = nullptr;        // (N, C), (N, Cs), memory to work in
  float* mean_gradient = nullptr;                                       // p, (N, C), written
  float* norm_sums = nullptr;                                           // (N, 2, C), written
  float *reduce_gradient = nullptr, *reduce_bias_gradient = nullptr;    // (Cs, C), (Cs), written
  float *expand_gradient = nullptr, *expand_bias_gradient = nullptr;    // (C, Cs), (C), written
};

BytesModel bytes_of(const SeLayersForward& work);   // pointers are not followed
BytesModel bytes_of(const SeLayersBackward& work);  // both kernels'
double flops_of(const SeLayersForward& work);       // products alone
double flops_of(const SeLayersBackward& work);

// Any numbers of channels. Throw std::invalid_argument for empty shapes and where a picture's channels are more than
// shared memory holds, std::runtime_error where a launch fails. Return without waiting.
void se_layers_forward(const SeLayersForward& work, Stream stream);
void se_layers_backward(const SeLayersBackward& work, Stream stream);

}  // namespace effnet::cuda
