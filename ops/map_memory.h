// What all implementations ask of maps.
#pragma once

#include <torch/torch.h>

namespace effnet::ops {

inline constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

// A batch norm in training needs more than one value a channel; c10::Error as LibTorch's own.
inline void check_batch(std::int64_t rows) {
  TORCH_CHECK(rows > 1, "batch norm: more than one value a channel is needed for training");
}

}  // namespace effnet::ops
