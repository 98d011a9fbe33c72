#include "data/dataset.h"

#include <algorithm>
#include <cassert>

namespace effnet::data {

Dataset::Dataset(std::vector<int> labels, std::vector<std::string> class_names, int channels)
    : labels_(std::move(labels)), class_names_(std::move(class_names)), channels_(channels) {
  assert(channels_ == 1 || channels_ == 3);
  assert(std::all_of(labels_.begin(), labels_.end(),
                     [&](int label) { return label >= 0 && label < classes(); }));
}

}  // namespace effnet::data
