#include "data/batch_maker.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/error.h"
#include "spec/trial.h"

namespace effnet::data {
namespace {

void check(const Dataset& dataset, const LoaderOptions& options) {
  const auto require = [](bool holds, std::string_view what, double given, std::string_view expected) {
    if (holds) return;
    throw spec::Error(spec::ErrorKind::kUsage, what, fmt::format("is {}; expected {}", given, expected));
  };
  require(options.batch_size >= 1 && options.batch_size <= 65536, "batch size", options.batch_size,
          "1..65536");
  require(options.img_size >= 1 && options.img_size <= 8192, "image size", options.img_size, "1..8192");
  require(options.workers >= 0 && options.workers <= 1024, "workers", options.workers, "0..1024");
  require(options.first_batch >= 0, "first batch", static_cast<double>(options.first_batch), "0 or more");
  const AugmentOptions& augment = options.augment;
  require(augment.crop_padding >= 0 && augment.crop_padding <= 8192, "crop padding", augment.crop_padding,
          "0..8192");
  require(augment.erase_probability >= 0 && augment.erase_probability <= 1, "random erasing",
          augment.erase_probability, "0..1");
  for (const std::int64_t index : options.indices) {
    require(index >= 0 && index < dataset.size(), "picture", static_cast<double>(index),
            fmt::format("0..{}", dataset.size() - 1));
  }
}

LoaderOptions in_epoch_order(LoaderOptions options) {
  if (options.shuffle == Shuffle::kYes) {
    spec::RandomStream(spec::derive_seed(options.seed, "shuffle", static_cast<std::uint64_t>(options.epoch)))
        .shuffle(options.indices);
  }
  return options;
}

}  // namespace

BatchMaker::BatchMaker(const Dataset& dataset, LoaderOptions options)
    : dataset_(dataset),
      options_((check(dataset, options), in_epoch_order(std::move(options)))),
      normalizer_(dataset.channels(), options_.mean, options_.stddev) {}

std::int64_t BatchMaker::batches() const {
  const auto pictures = static_cast<std::int64_t>(options_.indices.size());
  const std::int64_t size = options_.batch_size;
  return options_.drop_last == DropLast::kYes ? pictures / size : (pictures + size - 1) / size;
}

void BatchMaker::make(std::int64_t number, Workspace& workspace, Batch& out) const {
  const std::int64_t first = number * options_.batch_size;
  const auto rest = static_cast<std::int64_t>(options_.indices.size()) - first;
  out.count = static_cast<int>(std::min<std::int64_t>(options_.batch_size, rest));
  out.channels = dataset_.channels();
  out.height = out.width = options_.img_size;
  const std::size_t floats = static_cast<std::size_t>(out.channels) * out.height * out.width;
  out.pixels.resize(floats * out.count);
  out.labels.resize(static_cast<std::size_t>(out.count));
  for (int i = 0; i < out.count; ++i) {
    const std::int64_t index = options_.indices[static_cast<std::size_t>(first + i)];
    out.labels[i] = dataset_.label(index);
    load(index, workspace, &out.pixels[floats * i]);
  }
}

void BatchMaker::load(std::int64_t index, Workspace& workspace, float* out) const {
  const bool augmented = options_.augmented == Augmented::kYes;
  const std::uint64_t epoch_seed =
      augmented ? spec::derive_seed(options_.seed, "augment", static_cast<std::uint64_t>(options_.epoch)) : 0;
  spec::RandomStream random(
      augmented ? spec::derive_seed(epoch_seed, "picture", static_cast<std::uint64_t>(index)) : 0);
  const Picture picture = dataset_.picture(index);
  const Window window = augmented ? random_window(picture, options_.augment, random) : centre_window(picture);

  if (window.side == options_.img_size) {
    normalizer_.convert(picture, window, out);
  } else {
    workspace.window.resize(static_cast<std::size_t>(picture.channels) * window.side * window.side);
    normalizer_.convert(picture, window, workspace.window.data());
    const Resizer& resizer =
        workspace.resizers.try_emplace(window.side, window.side, options_.img_size).first->second;
    resizer.run(workspace.window.data(), picture.channels, out, workspace.scratch);
  }
  if (augmented) erase_at_random(options_.augment, options_.img_size, picture.channels, out, random);
}

}  // namespace effnet::data
