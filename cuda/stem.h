// The stem on CUDA: a dense 3 x 3 convolution of pictures of one or three channels (kernels/conv.h), forward with the
// moments of y a channel for the batch norm behind it, and back to the gradient of its weights alone, because nobody asks
// for the picture's:
//
//   y = conv(x)
//   dy = a * d + b * y + c               back through the batch norm; d is the gradient of what it put out
//   weight gradient[o][i][j][c] = sum of dy[o] * x[c] under the tap
//
// Storage float or bfloat16 for pictures and maps, everything computed in float; what lies outside of the picture is 0.
// The moments are those of y as it is stored. A picture's values are asked for from the caches up to nine times.
//
// By an H200's data sheet B0's stem at a batch of 256 in bfloat16 is 0.083 ms of multiply-adds each way beside bytes of
// 0.059 ms forward and 0.102 ms back: forward arithmetic binds, and loads and conversions come on top of it.
#pragma once

#include "cuda/row_plan.h"
#include "kernels/conv.h"

namespace effnet::cuda {

using kernels::ConvShape;

struct StemForward {
  ConvShape shape;
  Storage storage = Storage::kFloat;
  const void* x = nullptr;         // (N, H, W, Cin)
  const float* weights = nullptr;  // (Cout, 3, 3, Cin)
  void* y = nullptr;               // (N, H', W', Cout), at multiples of 16 bytes, written
  float* moments = nullptr;  // (moment_parts, 3, Cout): count, mean, squared deviations; null: not wanted
};

struct StemBackward {
  ConvShape shape;
  Storage storage = Storage::kFloat;
  const void* y_gradient = nullptr;                      // d, (N, H', W', Cout)
  const void* y = nullptr;                               // (N, H', W', Cout)
  const float *a = nullptr, *b = nullptr, *c = nullptr;  // (Cout)
  const void* x = nullptr;                               // (N, H, W, Cin)
  float* weight_parts = nullptr;     // (stem_gradient_parts, 9 * Cin, Cout), memory to work in
  float* weight_gradient = nullptr;  // (Cout, 3, 3, Cin), written
};

Index stem_moment_parts(const ConvShape& shape, Storage storage);  // rows of `moments`
Index stem_gradient_parts(const ConvShape& shape);

BytesModel bytes_of(const StemForward& work);  // pointers are asked only whether they are null
BytesModel bytes_of(const StemBackward& work);
double flops_of(const StemForward& work);
double flops_of(const StemBackward& work);

// Why there is no kernel for a shape, or null.
const char* stem_refusal(const ConvShape& shape);

// Throw std::invalid_argument for shapes that are refused, std::runtime_error where a launch fails. Return without waiting.
void stem_forward(const StemForward& work, Stream stream);
void stem_backward(const StemBackward& work, Stream stream);

// How the work is cut, for the kernels: a row is an output pixel. Back, a thread has 4 channels whatever the storage, for
// the sake of the 9 Cin gradients of each that it keeps.
RowPlan stem_forward_plan(const ConvShape& shape, Storage storage);
RowPlan stem_backward_plan(const ConvShape& shape);

}  // namespace effnet::cuda
