#include "data/memory_dataset.h"

#include <cassert>

namespace effnet::data {

MemoryDataset::MemoryDataset(PixelBlock block, std::vector<int> labels, std::vector<std::string> class_names)
    : Dataset(std::move(labels), std::move(class_names), block.channels),
      block_(std::move(block)),
      picture_bytes_(static_cast<std::size_t>(block_.channels) * block_.height * block_.width) {
  assert(block_.pixels.size() == block_.offset + picture_bytes_ * static_cast<std::size_t>(size()));
}

Picture MemoryDataset::picture(std::int64_t index) const {
  assert(index >= 0 && index < size());
  const std::uint8_t* first =
      block_.pixels.data() + block_.offset + picture_bytes_ * static_cast<std::size_t>(index);
  return {block_.channels, block_.height, block_.width, {first, first + picture_bytes_}};
}

}  // namespace effnet::data
