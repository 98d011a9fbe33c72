// The net of cpu/inference.h with maps of one type of element.
#pragma once

#include <vector>

#include "cpu/conv_layers.h"
#include "cpu/inference.h"

namespace effnet::cpu {

template <class Element>
class InferenceNetOf final : public InferenceNet {
 public:
  InferenceNetOf(const KernelTable& kernels, Index picture_channels);

  void add_conv(const ConvTerms& terms, const ConvWeights& weights, bool residual) override;
  void add_mbconv(const MBConvShape& shape, Padding padding, const MBConvWeights& weights) override;
  void add_fused(const Fused& fused) override;
  void set_classifier(Index classes, const float* weight, const float* bias) override;
  Index classes() const override { return classifier_->terms().out_channels; }
  void run(const Execution& execution, Index pictures, MapSize size, const float* pixels,
           float* logits) override;

 private:
  // Floats that a picture's run works in.
  struct Memory {
    Index picture = 0, map = 0, layer = 0, worker = 0, sums = 0;
    Index size(Index workers) const;
  };
  struct PictureRun {
    const ParallelFor& parallel;
    float* memory;
    Index workers;
  };

  void bind(MapSize size);
  // The picture as the first layer reads it: itself, or rounded to `memory`.
  const Element* picture_map(const float* pixels, Element* memory) const;
  void run_picture(const PictureRun& run, const float* pixels, Element* features) const;
  void sum_over_map(const LayerRun& run, const Element* map, float* sums) const;
  void classify(const ParallelFor& parallel, Index pictures, const Element* features, float* blocked,
                float* logits);
  Index block() const;     // channels of a block of the next layer's input
  Index features() const;  // of a picture, padded

  const KernelTable& kernels_;
  Index picture_channels_;
  Index picture_block_;  // its channels in whole slots
  std::vector<std::unique_ptr<InferenceLayer<Element>>> layers_;
  ConvLayer<Element>* last_conv_ = nullptr;  // the last layer, where it is one
  std::unique_ptr<FoldedConv<Element>> classifier_;
  MapSize bound_, last_map_;
  Memory memory_;
};

}  // namespace effnet::cpu
