#include "scaling/cost_model.h"

#include <fmt/format.h>

#include <algorithm>

namespace effnet::scaling {
namespace {

using spec::ArchSpec;
using spec::Op;
using spec::Stage;

struct Convolution {
  std::string_view name;
  int out_channels = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
};

enum class Layers { kNamed, kSummedUp };

// Walks through the net, keeping channels and map size of the running tensor.
class Counter {
 public:
  Counter(const ArchSpec& arch, Layers layers)
      : arch_(arch),
        named_(layers == Layers::kNamed),
        channels_(arch.input_channels),
        size_(arch.resolution) {}

  CostReport run() {
    walk_ends("stem", arch_.stem);
    for (stage_ = 0; stage_ < static_cast<int>(arch_.stages.size()); ++stage_)
      walk_stage(arch_.stages[stage_]);
    stage_ = -1;
    walk_ends("head", arch_.head);
    report_.last_map = size_;
    classifier();
    return std::move(report_);
  }

 private:
  void walk_ends(std::string_view section, const std::vector<Stage>& stages) {
    const bool single = stages.size() == 1;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      if (named_) prefix_ = single ? std::string(section) : fmt::format("{}.{}", section, i);
      for (int repeat = 0; repeat < stages[i].repeats; ++repeat)
        block(stages[i], repeat == 0 ? stages[i].stride : 1);
    }
  }

  void walk_stage(const Stage& stage) {
    for (int repeat = 0; repeat < stage.repeats; ++repeat) {
      if (named_) prefix_ = fmt::format("blocks.{}.{}", stage_, repeat);
      block(stage, repeat == 0 ? stage.stride : 1);
    }
  }

  void block(const Stage& stage, int stride) {
    switch (stage.op) {
      case Op::kConv:
        convolve({"conv", stage.channels, stage.kernel, stride});
        break;
      case Op::kMBConv:
        mbconv(stage, stride);
        break;
      case Op::kFused:
        fused(stage, stride);
        break;
      case Op::kSeparable:
        convolve({"depthwise", channels_, stage.kernel, stride, channels_});
        convolve({"pointwise", stage.channels});
        break;
      case Op::kBasic:
        residual(stage, stride, [&] {
          convolve({"conv1", stage.channels, stage.kernel, stride});
          convolve({"conv2", stage.channels, stage.kernel});
        });
        break;
      case Op::kBottleneck:
        residual(stage, stride, [&] {
          convolve({"conv1", stage.mid_channels});
          convolve({"conv2", stage.mid_channels, stage.kernel, stride, stage.groups});
          convolve({"conv3", stage.channels});
        });
        break;
      case Op::kMaxPool:
        max_pool(stage.kernel, stride);
        break;
      case Op::kIdentity:
        if (stride != 1 || stage.channels != channels_) convolve({"conv", stage.channels, 1, stride});
        break;
    }
  }

  int expanded_channels(const Stage& stage) const {
    return static_cast<int>(channels_ * stage.expand_ratio + 0.5);
  }

  void mbconv(const Stage& stage, int stride) {
    const int block_input = channels_;
    const int middle = expanded_channels(stage);
    if (stage.expand_ratio != 1) convolve({"expand", middle});
    convolve({"depthwise", middle, stage.kernel, stride, middle});
    squeeze_excite(stage, block_input);
    convolve({"project", stage.channels});
  }

  // With an expansion of 1 the kxk convolution goes straight to the output channels (arXiv 2104.00298).
  void fused(const Stage& stage, int stride) {
    const int block_input = channels_;
    if (stage.expand_ratio == 1) {
      convolve({"conv", stage.channels, stage.kernel, stride});
      squeeze_excite(stage, block_input);
      return;
    }
    convolve({"expand", expanded_channels(stage), stage.kernel, stride});
    squeeze_excite(stage, block_input);
    convolve({"project", stage.channels});
  }

  template <class Main>
  void residual(const Stage& stage, int stride, Main&& main) {
    const int in_channels = channels_, in_size = size_;
    main();
    if (stride == 1 && in_channels == stage.channels) return;
    const int out_size = size_;
    channels_ = in_channels;
    size_ = in_size;
    convolve({"shortcut", stage.channels, 1, stride});
    size_ = out_size;
  }

  void convolve(const Convolution& conv) {
    LayerCost layer = next_layer(conv.name, conv.out_channels, conv.stride);
    if (named_) layer.operation = operation_of(conv);
    const std::int64_t area = std::int64_t{layer.out_size} * layer.out_size;
    const std::int64_t weights =
        std::int64_t{conv.kernel} * conv.kernel * (channels_ / conv.groups) * conv.out_channels;
    layer.cost.params = weights + 2LL * conv.out_channels;
    layer.cost.bn_buffers = 2LL * conv.out_channels;
    layer.cost.macs = weights * area;
    layer.cost.activations = area * conv.out_channels;
    push(std::move(layer));
  }

  std::string operation_of(const Convolution& conv) const {
    const bool depthwise = conv.groups > 1 && conv.groups == channels_;
    std::string text = fmt::format("{0} {1}x{1}", depthwise ? "depthwise" : "conv", conv.kernel);
    if (conv.groups > 1 && !depthwise) text += fmt::format(" g{}", conv.groups);
    if (conv.stride > 1) text += fmt::format(" /{}", conv.stride);
    return text;
  }

  void squeeze_excite(const Stage& stage, int block_input) {
    if (stage.se_ratio == 0) return;
    const int squeezed = squeezed_channels(stage, block_input);
    LayerCost layer = next_layer("se", channels_, 1);
    if (named_) layer.operation = fmt::format("squeeze-excite {}", squeezed);
    const std::int64_t weights = 2LL * channels_ * squeezed;
    layer.cost.params = weights + squeezed + channels_;
    layer.cost.macs = weights;
    layer.cost.activations = squeezed + channels_;
    push(std::move(layer));
  }

  int squeezed_channels(const Stage& stage, int block_input) const {
    const int base = arch_.squeeze_base == spec::SqueezeBase::kInput ? block_input : channels_;
    return std::max(1, static_cast<int>(base * stage.se_ratio));
  }

  void max_pool(int kernel, int stride) {
    LayerCost layer = next_layer("pool", channels_, stride);
    if (named_) layer.operation = fmt::format("max pool {0}x{0} /{1}", kernel, stride);
    push(std::move(layer));
  }

  void classifier() {
    prefix_.clear();
    size_ = 1;
    LayerCost layer = next_layer("classifier", arch_.classes, 1);
    layer.operation = "linear";
    layer.cost.macs = std::int64_t{channels_} * arch_.classes;
    layer.cost.params = layer.cost.macs + arch_.classes;
    layer.cost.activations = arch_.classes;
    push(std::move(layer));
  }

  LayerCost next_layer(std::string_view name, int out_channels, int stride) const {
    LayerCost layer;
    if (named_) layer.name = prefix_.empty() ? std::string(name) : fmt::format("{}.{}", prefix_, name);
    layer.stage = stage_;
    layer.in_channels = channels_;
    layer.in_size = size_;
    layer.out_channels = out_channels;
    layer.out_size = (size_ + stride - 1) / stride;
    return layer;
  }

  void push(LayerCost layer) {
    channels_ = layer.out_channels;
    size_ = layer.out_size;
    report_.total += layer.cost;
    if (named_) report_.layers.push_back(std::move(layer));
  }

  const ArchSpec& arch_;
  bool named_;
  int channels_;
  int size_;
  int stage_ = -1;
  std::string prefix_;
  CostReport report_;
};

}  // namespace

CostReport count(const ArchSpec& arch) {
  return Counter(arch, Layers::kNamed).run();
}

spec::Cost total_cost(const ArchSpec& arch) {
  return Counter(arch, Layers::kSummedUp).run().total;
}

}  // namespace effnet::scaling
