// How a dense k x k convolution's work is cut (kernels/conv.h), on top of strip_plan.h. It is a product over k * k * C as an
// implicit GEMM makes it: a strip of 16 pixels is gathered tap by tap and panel by panel, zero where a tap lies outside of
// the map, and each such panel is multiplied with a matrix of the weights.
//
//   forward           rows are pixels of y; a block has a chunk of up to two panels of y's channels
//   input gradient    rows are pixels of x; a block has a chunk of up to one panel of x's channels. With a stride of 2 the
//                     pixels of x fall into 4 phases, each of which sees taps of its own; a block does one after another
//   weight gradient   rows are pixels of y; a block has one panel of y's channels, a chunk of up to one panel of x's and the
//                     taps of one row of the kernel
//
// Where the matrices of all taps do not fit beside the maps, they are read again for each row of strips (`streams`).
#pragma once

#include "cuda/strip_plan.h"
#include "kernels/conv.h"

namespace effnet::cuda {

using kernels::ConvShape;

struct DensePlan {
  StripPlan walk;             // of all rows; of the input gradient the rows of the first phase, the largest
  int panels = 0;             // of a tap, that a block walks through; weight gradient: of y, a block each
  int width = 0, chunks = 0;  // channels of a block, blocks along them
  int blocks_across = 0;      // blocks that work on the same rows
  bool streams = false;
  std::size_t shared_bytes = 0;  // of a block
};

// Why there is no kernel for a shape, or null: kernels of 1, 3 and 5, strides of 1 and 2, channels that are multiples of 8,
// any padding.
const char* dense_refusal(const ConvShape& shape);

// Throw std::invalid_argument for shapes that are refused.
DensePlan plan_dense_forward(const ConvShape& shape, Storage storage);
DensePlan plan_dense_input_gradient(const ConvShape& shape, Storage storage);
DensePlan plan_dense_weight_gradient(const ConvShape& shape, Storage storage);

}  // namespace effnet::cuda
