// Batch norm (arXiv 1502.03167) between the kernels of a block: sums over a map, which a kernel left in parts, become the
// few numbers a channel that the next kernels apply as they read. One small launch each, in double.
#pragma once

#include "cuda/storage.h"
#include "kernels/depthwise.h"

namespace effnet::cuda {

using kernels::Index;

// From moments, or where there are none from the running statistics, to scale and offset: z = scale * y + offset,
// x^ = (y - mean) * inverse.
struct NormForwardFinish {
  Index channels = 0, parts = 0;
  const float* moments = nullptr;                  // (parts, 3, C): count, mean, squared deviations; or null
  const float *weight = nullptr, *bias = nullptr;  // (C)
  float *running_mean = nullptr, *running_var = nullptr;  // (C), moved by moments; both null: there are none
  double eps = 1e-3;
  double momentum = 0.01;  // running = (1 - m) * running + m * batch, the variance unbiased
  float *mean = nullptr, *inverse = nullptr, *scale = nullptr, *offset = nullptr;  // (C), written
};

BytesModel bytes_of(const NormForwardFinish& work);  // pointers are asked only whether they are null

void norm_forward_finish(const NormForwardFinish& work, Stream stream);

// From sums of d and d * (y - mean), d the gradient of z, to dy = a * d + b * y + c. The mean is inside of c.
struct NormBackwardFinish {
  Index channels = 0, parts = 0;
  Index rows = 0;                                                     // values a channel
  const float* sums = nullptr;                                        // (parts, 2, C): d, d * (y - mean)
  const float *mean = nullptr, *inverse = nullptr, *scale = nullptr;  // (C), of the forward pass
  float *weight_gradient = nullptr, *bias_gradient = nullptr;         // (C), written
  float *a = nullptr, *b = nullptr, *c = nullptr;                     // (C), written
};

BytesModel bytes_of(const NormBackwardFinish& work);

void norm_backward_finish(const NormBackwardFinish& work, Stream stream);

}  // namespace effnet::cuda
