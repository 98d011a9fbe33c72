// A whole net at inference: layers with their weights folded and packed once, then the mean over the map and a
// classifier. Pictures are dealt to the workers, each running the whole net for its picture, so that maps stay in its
// cache; pictures that do not fill the workers are run one by one by all of them. Results are the same either way.
#pragma once

#include <memory>

#include "cpu/conv.h"
#include "cpu/folded_conv.h"
#include "cpu/mbconv.h"

namespace effnet::cpu {

// Of the maps between layers, and of the weights of products. kBFloat16 rounds both to bfloat16; sums, depthwise
// convolutions, squeeze-and-excite, the mean over the map and the logits are float all the same.
enum class Precision { kFloat, kBFloat16 };

class InferenceNet {
 public:
  virtual ~InferenceNet() = default;

  // In the net's order. Of shapes only what does not depend on the map matters. The first layer is a convolution.
  // Weights may go away after the call.
  virtual void add_conv(const ConvTerms& terms, const ConvWeights& weights, bool residual) = 0;
  virtual void add_mbconv(const MBConvShape& shape, Padding padding, const MBConvWeights& weights) = 0;
  struct Fused {
    ConvTerms expand, project;
    ConvWeights expand_weights, project_weights;
    bool residual = false;
  };
  virtual void add_fused(const Fused& fused) = 0;
  virtual void set_classifier(Index classes, const float* weight,
                              const float* bias) = 0;  // (classes, C), (classes)

  virtual Index classes() const = 0;

  // pictures (N, H, W, C) -> logits (N, classes).
  virtual void run(const Execution& execution, Index pictures, MapSize size, const float* pixels,
                   float* logits) = 0;
};

std::unique_ptr<InferenceNet> inference_net(const KernelTable& kernels, Index picture_channels,
                                            Precision precision = Precision::kFloat);

}  // namespace effnet::cpu
