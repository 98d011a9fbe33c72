// A whole net at inference in float: layers with their weights folded and packed once, then the mean over the map and a
// classifier. Pictures are dealt to the workers, each running the whole net for its picture, so that maps stay in its
// cache; pictures that do not fill the workers are run one by one by all of them. Results are the same either way.
#pragma once

#include <memory>
#include <vector>

#include "cpu/conv.h"
#include "cpu/inference_layer.h"
#include "cpu/mbconv.h"

namespace effnet::cpu {

class ConvLayer;

class InferenceNet {
 public:
  InferenceNet(const KernelTable& kernels, Index picture_channels);
  ~InferenceNet();

  // In the net's order. Of shapes only what does not depend on the map matters. The first layer is a convolution.
  // Weights may go away after the call.
  void add_conv(const ConvTerms& terms, const ConvWeights& weights, bool residual);
  void add_mbconv(const MBConvShape& shape, Padding padding, const MBConvWeights& weights);
  struct Fused {
    ConvTerms expand, project;
    ConvWeights expand_weights, project_weights;
    bool residual = false;
  };
  void add_fused(const Fused& fused);
  void set_classifier(Index classes, const float* weight, const float* bias);  // (classes, C), (classes)

  bool empty() const { return layers_.empty(); }
  Index classes() const;

  // pictures (N, H, W, C) -> logits (N, classes).
  void run(const Execution& execution, Index pictures, MapSize size, const float* pixels, float* logits);

 private:
  // Floats that a picture's run works in.
  struct Memory {
    Index map = 0, layer = 0, worker = 0;
    Index size(Index workers) const;
  };
  struct PictureRun {
    const ParallelFor& parallel;
    float* memory;
    Index workers;
  };

  void bind(MapSize size);
  void run_picture(const PictureRun& run, const float* pixels, float* features) const;
  void classify(const ParallelFor& parallel, Index pictures, const float* features, float* blocked,
                float* logits);
  Index block() const;     // channels of a block of the next layer's input
  Index features() const;  // floats of a picture's features

  const KernelTable& kernels_;
  Index picture_channels_;
  std::vector<std::unique_ptr<InferenceLayer>> layers_;
  ConvLayer* last_conv_ = nullptr;  // the last layer, where it is one
  std::unique_ptr<FoldedConv> classifier_;
  MapSize bound_, last_map_;
  Memory memory_;
};

}  // namespace effnet::cpu
