// Layers made of dense convolutions: one alone (stem, head, ResNet-like), and the fused inverted bottleneck without
// squeeze (arXiv 2104.00298), a k x k convolution and a 1x1 one.
#pragma once

#include "cpu/inference_layer.h"

namespace effnet::cpu {

class ConvLayer : public InferenceLayer {
 public:
  ConvLayer(FoldedConv conv, bool residual) : conv_(std::move(conv)), residual_(residual) {}

  MapSize bind(MapSize in) override;
  Index out_channels() const override { return conv_.terms().out_channels; }
  Index picture_memory() const override { return conv_.padded_size(); }
  Index worker_memory() const override { return 0; }
  void run(const LayerRun& run, const float* in, float* out) const override;

  // The sum of its output over the map, (vectors, lanes), without writing the output.
  void run_sum(const LayerRun& run, const float* in, float* sum) const;

  bool residual() const { return residual_; }
  FoldedConv take() && { return std::move(conv_); }

 private:
  FoldedConv conv_;
  bool residual_;
};

class FusedLayer : public InferenceLayer {
 public:
  FusedLayer(FoldedConv expand, FoldedConv project, bool residual)
      : expand_(std::move(expand)), project_(std::move(project)), residual_(residual) {}

  MapSize bind(MapSize in) override;
  Index out_channels() const override { return project_.terms().out_channels; }
  Index picture_memory() const override;
  Index worker_memory() const override { return 0; }
  void run(const LayerRun& run, const float* in, float* out) const override;

 private:
  FoldedConv expand_, project_;
  bool residual_;
};

}  // namespace effnet::cpu
