// What becomes of a map behind a convolution or block: who reads it, and whether it may get there raw (ops/map.h).
#pragma once

#include <torch/torch.h>

#include "ops/map.h"

namespace effnet::models {

// What a net does with a map.
class MapReader {
 public:
  virtual ~MapReader() = default;
  // Whether it takes a raw map with that activation to be applied; `like` is any map of the net in the same step.
  virtual bool takes_raw(kernels::Activation, const torch::Tensor& /*like*/) const { return false; }
};

// Of a map for one reader; null: for readers that want it finished.
inline ops::Finish finish_for(const MapReader* reader, kernels::Activation activation,
                              const torch::Tensor& like) {
  return reader && reader->takes_raw(activation, like) ? ops::Finish::kWhereNeeded : ops::Finish::kAlways;
}

}  // namespace effnet::models
