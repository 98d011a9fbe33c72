// Layers made of dense convolutions: one alone (stem, head, ResNet-like), and the fused inverted bottleneck without
// squeeze (arXiv 2104.00298), a k x k convolution and a 1x1 one.
#pragma once

#include "cpu/inference_layer.h"
#include "cpu/workspace.h"

namespace effnet::cpu {

template <class Element>
class ConvLayer : public InferenceLayer<Element> {
 public:
  ConvLayer(FoldedConv<Element> conv, bool residual) : conv_(std::move(conv)), residual_(residual) {}

  MapSize bind(MapSize in) override;
  Index out_channels() const override { return conv_.terms().out_channels; }
  Index picture_memory() const override { return Carver::floats_for<Element>(conv_.padded_size()); }
  Index worker_memory() const override { return 0; }
  void run(const LayerRun& run, const Element* in, Element* out) const override;

  // The sum of its output over the map, (vectors, lanes), without writing the output.
  void run_sum(const LayerRun& run, const Element* in, float* sum) const;

  bool residual() const { return residual_; }
  FoldedConv<Element> take() && { return std::move(conv_); }

 private:
  FoldedConv<Element> conv_;
  bool residual_;
};

template <class Element>
class FusedLayer : public InferenceLayer<Element> {
 public:
  FusedLayer(FoldedConv<Element> expand, FoldedConv<Element> project, bool residual)
      : expand_(std::move(expand)), project_(std::move(project)), residual_(residual) {}

  MapSize bind(MapSize in) override;
  Index out_channels() const override { return project_.terms().out_channels; }
  Index picture_memory() const override;
  Index worker_memory() const override { return 0; }
  void run(const LayerRun& run, const Element* in, Element* out) const override;

 private:
  FoldedConv<Element> expand_, project_;
  bool residual_;
};

}  // namespace effnet::cpu
