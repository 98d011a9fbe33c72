// Makes batch number n of an epoch, from nothing but n: that is why the number of workers cannot matter.
#pragma once

#include <map>
#include <vector>

#include "data/loader.h"
#include "data/normalize.h"
#include "data/resize.h"

namespace effnet::data {

// What one thread keeps between pictures.
struct Workspace {
  std::map<int, Resizer> resizers;     // by the side of the source window
  std::vector<float> window, scratch;  // (side, side, C); one row
};

class BatchMaker {
 public:
  BatchMaker(const Dataset& dataset, LoaderOptions options);

  std::int64_t batches() const;
  const LoaderOptions& options() const { return options_; }
  void make(std::int64_t number, Workspace& workspace, Batch& out) const;  // safe from several threads

 private:
  void load(std::int64_t index, Workspace& workspace, float* out) const;  // out: (img_size, img_size, C)

  const Dataset& dataset_;
  LoaderOptions options_;  // indices in the epoch's order
  Normalizer normalizer_;
};

}  // namespace effnet::data
