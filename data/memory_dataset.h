// A dataset whose pictures all have one size and lie in memory: what IDX and CIFAR files become.
#pragma once

#include "data/dataset.h"

namespace effnet::data {

struct PixelBlock {
  int channels = 0, height = 0, width = 0;
  std::size_t offset = 0;            // bytes before the first pixel (a file's header, left in place)
  std::vector<std::uint8_t> pixels;  // offset + (N, H, W, C)
};

class MemoryDataset : public Dataset {
 public:
  MemoryDataset(PixelBlock block, std::vector<int> labels, std::vector<std::string> class_names);
  Picture picture(std::int64_t index) const override;

 private:
  PixelBlock block_;
  std::size_t picture_bytes_;
};

}  // namespace effnet::data
