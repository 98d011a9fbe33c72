// Batches of one epoch: pictures in the chosen order, cut to a square, augmented, resized and normalised.
// What a batch holds depends on (seed, epoch, indices, options) alone, never on how many workers made it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/augment.h"
#include "data/dataset.h"

namespace effnet::data {

struct Batch {
  int count = 0, channels = 0, height = 0, width = 0;
  std::vector<float> pixels;  // (N, H, W, C), (value / 255 - mean) / stddev
  std::vector<std::int64_t> labels;
};

enum class Shuffle { kNo, kYes };
enum class DropLast { kNo, kYes };  // a last batch that is not full
enum class Augmented { kNo, kYes };

struct LoaderOptions {
  std::vector<std::int64_t> indices;  // into the dataset
  int batch_size = 64;
  int img_size = 0;  // pixels, square
  Shuffle shuffle = Shuffle::kNo;
  DropLast drop_last = DropLast::kNo;
  AugmentOptions augment;
  Augmented augmented = Augmented::kNo;  // kNo: the centre square, `augment` is ignored
  std::vector<double> mean, stddev;      // per channel, 0..1 scale; empty: 0 and 1
  std::uint64_t seed = 0;
  int epoch = 0;
  int workers = 0;               // threads that work ahead; 0: the caller's thread does it all
  std::int64_t first_batch = 0;  // to go on in the middle of an epoch
};

class Loader {
 public:
  // `dataset` must outlive the loader. Error{kUsage} for sizes out of range.
  Loader(const Dataset& dataset, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  std::int64_t batches() const;  // of the whole epoch, first_batch not subtracted

  // Fills `out`, whose buffers are used again, with the next batch; false after the last. An Error of the
  // dataset comes out of the call for the batch it belongs to, and of every later call.
  bool next(Batch& out);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace effnet::data
