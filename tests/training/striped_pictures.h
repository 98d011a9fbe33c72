// Three classes of 8 x 8 pictures a small net can tell apart: rows, columns, a bright corner; with noise.
#pragma once

#include <numeric>

#include "data/memory_dataset.h"
#include "spec/random_stream.h"
#include "training/trainer.h"

namespace effnet::tests {

inline data::MemoryDataset striped_pictures(int count) {
  data::PixelBlock block{.channels = 1, .height = 8, .width = 8};
  std::vector<int> labels;
  spec::RandomStream random(99);
  for (int n = 0; n < count; ++n) {
    const int label = n % 3;
    labels.push_back(label);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        const bool bright = label == 0 ? y % 2 == 0 : label == 1 ? x % 2 == 0 : y < 4 && x < 4;
        block.pixels.push_back(static_cast<std::uint8_t>((bright ? 150 : 0) + random.index(100)));
      }
    }
  }
  return data::MemoryDataset(std::move(block), std::move(labels), {"rows", "columns", "corner"});
}

// Everything random at once: dropout, drop-path, augmentation, moving average.
inline training::TrainerOptions small_training(int train, int holdout) {
  at::set_num_threads(1);  // the pictures are too small for more
  training::TrainerOptions options;
  options.arch = spec::parse_arch(
      "conv_k3_s1_c8 | mb_k3_s1_e2_c8_r2_se0.25 mb_k5_s2_e2_c8_r2 | - | fc3 @1x8 silu", "test");
  options.recipe.epochs = 3;
  options.recipe.batch_size = 8;
  options.recipe.lr_base = 1.6;
  options.recipe.ema_decay = 0.99;
  options.recipe.drop_path = 0.2;
  options.recipe.drop = 0.2;
  options.recipe.crop_padding = 1;
  options.recipe.hflip = true;
  options.recipe.bn_momentum = 0.1;
  options.seed = 5;
  options.train.resize(static_cast<std::size_t>(train));
  std::iota(options.train.begin(), options.train.end(), 0);
  options.holdout.resize(static_cast<std::size_t>(holdout));
  std::iota(options.holdout.begin(), options.holdout.end(), train);
  options.preprocessing = {.img_size = 8, .mean = {0.4}, .stddev = {0.3}};
  return options;
}

inline bool same_tensors(const models::NamedTensors& a, const models::NamedTensors& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first || !torch::equal(a[i].second, b[i].second)) return false;
  }
  return true;
}

}  // namespace effnet::tests
