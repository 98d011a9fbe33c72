// How a 1x1 convolution's work is cut, on top of strip_plan.h. An item is a picture or a segment of one where there is a
// gate a picture, otherwise a segment of all rows.
//
//   forward    a block has a chunk of up to two panels of y's channels, and walks through the panels of x
//   backward   a block has a chunk of up to one panel of x's channels, and walks through the panels of y. It sums the
//              weight gradient of up to four panels of y; where y has more, blocks split them, and take turns with the
//              input gradient of a strip, which needs all of them.
//
// Weights that do not fit beside the maps are read again for each row of strips (`streams`): more than some 640 channels
// of y going back, or some 1100 of x going forward.
#pragma once

#include "cuda/strip_plan.h"
#include "kernels/pointwise.h"

namespace effnet::cuda {

using kernels::PointwiseShape;

constexpr int kSumPanels = 4;  // of weight gradients that a block sums

struct PointwisePlan {
  StripPlan walk;
  int panels = 0;             // that a block walks through
  int width = 0, chunks = 0;  // channels of a block, blocks along them
  int splits = 1;             // blocks that share the weight gradient of a chunk
  bool streams = false;
  std::size_t shared_bytes = 0;  // of a block

  int blocks_across() const { return chunks * splits; }
};

// Throws std::invalid_argument for what the kernels do not do: channels that are no multiple of 8, empty maps, 2^30 rows
// or more.
PointwisePlan plan_forward(const PointwiseShape& shape, Storage storage, bool gated);
PointwisePlan plan_backward(const PointwiseShape& shape, Storage storage, bool gated);

}  // namespace effnet::cuda
