#include "cpu/inference.h"

#include <algorithm>
#include <functional>

#include "cpu/conv_layers.h"
#include "cpu/folded_mbconv.h"

namespace effnet::cpu {

InferenceNet::InferenceNet(const KernelTable& kernels, Index picture_channels)
    : kernels_(kernels), picture_channels_(picture_channels) {}

InferenceNet::~InferenceNet() = default;

Index InferenceNet::block() const {
  return layers_.empty() ? picture_channels_ : kernels_.lanes;
}

void InferenceNet::add_conv(const ConvTerms& terms, const ConvWeights& weights, bool residual) {
  auto layer =
      std::make_unique<ConvLayer>(FoldedConv(kernels_, terms, weights.weight,
                                             ChannelAffine::of(weights.norm, terms.out_channels), block()),
                                  residual);
  last_conv_ = layer.get();
  layers_.push_back(std::move(layer));
}

void InferenceNet::add_mbconv(const MBConvShape& shape, Padding padding, const MBConvWeights& weights) {
  auto layer = std::make_unique<FoldedMBConv>(kernels_, shape, padding, weights);
  if (last_conv_ && !last_conv_->residual() && layer->can_read_through()) {
    layer->read_through(std::move(*last_conv_).take());
    layers_.pop_back();
  }
  last_conv_ = nullptr;
  layers_.push_back(std::move(layer));
}

void InferenceNet::add_fused(const Fused& of) {
  const auto folded = [&](const ConvTerms& terms, const ConvWeights& weights, Index in_block) {
    return FoldedConv(kernels_, terms, weights.weight, ChannelAffine::of(weights.norm, terms.out_channels),
                      in_block);
  };
  last_conv_ = nullptr;
  layers_.push_back(std::make_unique<FusedLayer>(folded(of.expand, of.expand_weights, block()),
                                                 folded(of.project, of.project_weights, kernels_.lanes),
                                                 of.residual));
}

void InferenceNet::set_classifier(Index classes, const float* weight, const float* bias) {
  const Index channels = layers_.back()->out_channels();
  classifier_ =
      std::make_unique<FoldedConv>(kernels_, ConvTerms{.in_channels = channels, .out_channels = classes},
                                   weight, ChannelAffine::of_bias(bias, classes), features());
}

Index InferenceNet::classes() const {
  return classifier_->terms().out_channels;
}

Index InferenceNet::features() const {
  return kernels_.padded(layers_.back()->out_channels());
}

Index InferenceNet::Memory::size(Index workers) const {
  return 2 * Carver::size_of(map) + Carver::size_of(layer) + workers * Carver::size_of(worker);
}

void InferenceNet::bind(MapSize size) {
  if (size == bound_) return;
  bound_ = size;
  memory_ = {};
  for (const auto& layer : layers_) {
    size = layer->bind(size);
    memory_.map = std::max(memory_.map, size.pixels() * kernels_.padded(layer->out_channels()));
    memory_.layer = std::max(memory_.layer, layer->picture_memory());
    memory_.worker = std::max(memory_.worker, layer->worker_memory());
  }
  last_map_ = size;
}

void InferenceNet::run_picture(const PictureRun& picture, const float* pixels, float* features) const {
  Carver carver(picture.memory);
  float* maps[2] = {carver.take(memory_.map), carver.take(memory_.map)};
  float* of_layer = carver.take(memory_.layer);
  const LayerRun run{picture.parallel, of_layer,
                     carver.take(picture.workers * Carver::size_of(memory_.worker)),
                     Carver::size_of(memory_.worker)};
  const float* in = pixels;
  const std::size_t to_maps = layers_.size() - (last_conv_ ? 1 : 0);
  for (std::size_t i = 0; i < to_maps; ++i) {
    layers_[i]->run(run, in, maps[i % 2]);
    in = maps[i % 2];
  }
  if (last_conv_) {
    last_conv_->run_sum(run, in, features);
  } else {
    const Index lanes = kernels_.lanes;
    std::fill_n(features, this->features(), 0.0f);
    for (Index c = 0; c < this->features(); c += lanes)
      kernels_.dot_rows({.rows = last_map_.pixels(),
                         .channels = lanes,
                         .x = in + c * last_map_.pixels(),
                         .x_row = lanes,
                         .sum = features + c});
  }
  const float share = 1 / static_cast<float>(last_map_.pixels());
  for (Index c = 0; c < this->features(); ++c) features[c] *= share;
}

void InferenceNet::classify(const ParallelFor& parallel, Index pictures, const float* features,
                            float* blocked, float* logits) {
  classifier_->bind({1, pictures});
  classifier_->run(parallel, {.in = features, .out = blocked});
  const Index lanes = kernels_.lanes;
  for (Index n = 0; n < pictures; ++n) {
    for (Index c = 0; c < classes(); ++c)
      logits[n * classes() + c] = blocked[(c / lanes * pictures + n) * lanes + c % lanes];
  }
}

void InferenceNet::run(const Execution& execution, Index pictures, MapSize size, const float* pixels,
                       float* logits) {
  bind(size);
  const Index workers = execution.parallel.workers, feature_row = features();
  const Index alone = memory_.size(1), together = memory_.size(workers);
  const Index feature_size = Carver::size_of(pictures * feature_row);
  const Index logit_size = Carver::size_of(pictures * kernels_.padded(classes()));
  execution.workspace.reserve(execution.parallel.workers, alone, together + feature_size + logit_size);
  Carver shared(execution.workspace.shared());
  float* of_all = shared.take(together);
  float* feature_rows = shared.take(pictures * feature_row);
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

}  // namespace effnet::cpu
