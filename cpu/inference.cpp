#include "cpu/inference_net.h"

#include <algorithm>
#include <functional>

#include "cpu/folded_mbconv.h"

namespace effnet::cpu {
namespace {

constexpr Index kSumPixels = 64;

}  // namespace

template <class Element>
InferenceNetOf<Element>::InferenceNetOf(const KernelTable& kernels, Index picture_channels)
    : kernels_(kernels),
      picture_channels_(picture_channels),
      picture_block_((picture_channels + kSlot<Element> - 1) / kSlot<Element> * kSlot<Element>) {}

template <class Element>
Index InferenceNetOf<Element>::block() const {
  return layers_.empty() ? picture_block_ : kernels_.lanes;
}

template <class Element>
void InferenceNetOf<Element>::add_conv(const ConvTerms& terms, const ConvWeights& weights, bool residual) {
  auto layer = std::make_unique<ConvLayer<Element>>(
      FoldedConv<Element>(kernels_, terms, weights.weight,
                          ChannelAffine::of(weights.norm, terms.out_channels), block()),
      residual);
  last_conv_ = layer.get();
  layers_.push_back(std::move(layer));
}

template <class Element>
void InferenceNetOf<Element>::add_mbconv(const MBConvShape& shape, Padding padding,
                                         const MBConvWeights& weights) {
  auto layer = std::make_unique<FoldedMBConv<Element>>(kernels_, shape, padding, weights);
  if (last_conv_ && !last_conv_->residual() && layer->can_read_through()) {
    layer->read_through(std::move(*last_conv_).take());
    layers_.pop_back();
  }
  last_conv_ = nullptr;
  layers_.push_back(std::move(layer));
}

template <class Element>
void InferenceNetOf<Element>::add_fused(const Fused& of) {
  const auto folded = [&](const ConvTerms& terms, const ConvWeights& weights, Index in_block) {
    return FoldedConv<Element>(kernels_, terms, weights.weight,
                               ChannelAffine::of(weights.norm, terms.out_channels), in_block);
  };
  last_conv_ = nullptr;
  layers_.push_back(std::make_unique<FusedLayer<Element>>(
      folded(of.expand, of.expand_weights, block()), folded(of.project, of.project_weights, kernels_.lanes),
      of.residual));
}

template <class Element>
void InferenceNetOf<Element>::set_classifier(Index classes, const float* weight, const float* bias) {
  const Index channels = layers_.back()->out_channels();
  classifier_ = std::make_unique<FoldedConv<Element>>(
      kernels_, ConvTerms{.in_channels = channels, .out_channels = classes}, weight,
      ChannelAffine::of_bias(bias, classes), features());
}

template <class Element>
Index InferenceNetOf<Element>::features() const {
  return kernels_.padded(layers_.back()->out_channels());
}

template <class Element>
Index InferenceNetOf<Element>::Memory::size(Index workers) const {
  return Carver::size_of(picture) + 2 * Carver::size_of(map) + Carver::size_of(layer) +
         workers * Carver::size_of(worker) + Carver::size_of(sums);
}

template <class Element>
void InferenceNetOf<Element>::bind(MapSize size) {
  if (size == bound_) return;
  bound_ = size;
  memory_ = {};
  memory_.layer = kSumPixels * kernels_.lanes;
  memory_.sums = features();
  if constexpr (!std::is_same_v<Element, float>)
    memory_.picture = Carver::floats_for<Element>(size.pixels() * picture_block_);
  for (const auto& layer : layers_) {
    size = layer->bind(size);
    memory_.map = std::max(
        memory_.map, Carver::floats_for<Element>(size.pixels() * kernels_.padded(layer->out_channels())));
    memory_.layer = std::max(memory_.layer, layer->picture_memory());
    memory_.worker = std::max(memory_.worker, layer->worker_memory());
  }
  last_map_ = size;
}

template <class Element>
const Element* InferenceNetOf<Element>::picture_map(const float* pixels, Element* memory) const {
  if constexpr (std::is_same_v<Element, float>) {
    return pixels;
  } else {
    kernels_.maps_of<Element>().picture_pixels({.pixels = bound_.pixels(),
                                                .channels = picture_channels_,
                                                .out_channels = picture_block_,
                                                .in = pixels,
                                                .out = memory});
    return memory;
  }
}

template <class Element>
void InferenceNetOf<Element>::run_picture(const PictureRun& picture, const float* pixels,
                                          Element* features) const {
  Carver carver(picture.memory);
  Element* of_picture = reinterpret_cast<Element*>(carver.take(memory_.picture));
  Element* maps[2] = {reinterpret_cast<Element*>(carver.take(memory_.map)),
                      reinterpret_cast<Element*>(carver.take(memory_.map))};
  float* of_layer = carver.take(memory_.layer);
  const LayerRun run{picture.parallel, of_layer,
                     carver.take(picture.workers * Carver::size_of(memory_.worker)),
                     Carver::size_of(memory_.worker)};
  const Element* in = picture_map(pixels, of_picture);
  const std::size_t to_maps = layers_.size() - (last_conv_ ? 1 : 0);
  for (std::size_t i = 0; i < to_maps; ++i) {
    layers_[i]->run(run, in, maps[i % 2]);
    in = maps[i % 2];
  }
  float* const sums = carver.take(this->features());
  sum_over_map(run, in, sums);
  const float share = 1 / static_cast<float>(last_map_.pixels());
  for (Index c = 0; c < this->features(); ++c) sums[c] *= share;
  kernels_.maps_of<Element>().from_floats(this->features(), sums, features);
}

// A map that is not the sum already goes through a few pixels of floats.
template <class Element>
void InferenceNetOf<Element>::sum_over_map(const LayerRun& run, const Element* map, float* sums) const {
  if (last_conv_) return last_conv_->run_sum(run, map, sums);
  const Index lanes = kernels_.lanes, pixels = last_map_.pixels();
  std::fill_n(sums, features(), 0.0f);
  for (Index c = 0; c < features(); c += lanes) {
    for (Index first = 0; first < pixels; first += kSumPixels) {
      const Index some = std::min(kSumPixels, pixels - first);
      kernels_.maps_of<Element>().to_floats(some * lanes, map + c * pixels + first * lanes, run.picture);
      kernels_.dot_rows({.rows = some, .channels = lanes, .x = run.picture, .x_row = lanes, .sum = sums + c});
    }
  }
}

template <class Element>
void InferenceNetOf<Element>::classify(const ParallelFor& parallel, Index pictures, const Element* features,
                                       float* blocked, float* logits) {
  classifier_->bind({1, pictures});
  classifier_->template run<float>(parallel, {.in = features, .out = blocked});
  const Index lanes = kernels_.lanes;
  for (Index n = 0; n < pictures; ++n) {
    for (Index c = 0; c < classes(); ++c)
      logits[n * classes() + c] = blocked[(c / lanes * pictures + n) * lanes + c % lanes];
  }
}

template <class Element>
void InferenceNetOf<Element>::run(const Execution& execution, Index pictures, MapSize size,
                                  const float* pixels, float* logits) {
  bind(size);
  const Index workers = execution.parallel.workers, feature_row = features();
  const Index alone = memory_.size(1), together = memory_.size(workers);
  const Index feature_size = Carver::size_for<Element>(pictures * feature_row);
  const Index logit_size = Carver::size_of(pictures * kernels_.padded(classes()));
  execution.workspace.reserve(execution.parallel.workers, alone, together + feature_size + logit_size);
  Carver shared(execution.workspace.shared());
  float* of_all = shared.take(together);
  Element* feature_rows = shared.take_of<Element>(pictures * feature_row);
  float* blocked = shared.take(pictures * kernels_.padded(classes()));

  const Index picture_size = size.pixels() * picture_channels_;
  const Index dealt = pictures / workers * workers;
  const ParallelFor serial;
  const auto whole_net = [&](Index n, int worker) {
    run_picture({serial, execution.workspace.of_worker(worker), 1}, pixels + n * picture_size,
                feature_rows + n * feature_row);
  };
  execution.parallel.run(dealt, std::ref(whole_net));
  for (Index n = dealt; n < pictures; ++n)
    run_picture({execution.parallel, of_all, workers}, pixels + n * picture_size,
                feature_rows + n * feature_row);
  classify(execution.parallel, pictures, feature_rows, blocked, logits);
}

std::unique_ptr<InferenceNet> inference_net(const KernelTable& kernels, Index picture_channels,
                                            Precision precision) {
  if (precision == Precision::kBFloat16)
    return std::make_unique<InferenceNetOf<BFloat16>>(kernels, picture_channels);
  return std::make_unique<InferenceNetOf<float>>(kernels, picture_channels);
}

}  // namespace effnet::cpu
