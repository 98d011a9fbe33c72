// A block: the unit a stage repeats. One class an Op of spec/arch_spec.h, all with the same face; what they
// add around their main path is residual().
#pragma once

#include <torch/torch.h>

#include "models/conv_bn.h"
#include "models/map_reader.h"
#include "models/noise.h"
#include "ops/inference.h"
#include "spec/arch_spec.h"

namespace effnet::models {

// One block's place in the net: the stage it repeats, with the stride and input channels of this repeat.
struct BlockOptions {
  spec::Stage stage;
  int in_channels = 0;
  int stride = 1;
  double drop_path = 0;  // probability that the main path is left out
};

class BlockImpl : public torch::nn::Module, public MapReader {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x, Noise& noise) = 0;

  // The same within a net, where a map may go on raw to a reader that takes it; most blocks never do that.
  virtual ops::Map forward_to(const MapReader* /*next*/, const ops::Map& x, Noise& noise) {
    return {forward(x.values, noise)};
  }

  // Adds itself to the net of ops/inference.h; false: it has no place there.
  virtual bool describe(ops::NetTerms&) const { return false; }
};

std::shared_ptr<BlockImpl> make_block(const BlockOptions& options, const NetTraits& traits);

int block_channels(const BlockOptions& options);  // output channels

}  // namespace effnet::models
