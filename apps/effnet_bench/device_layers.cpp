#include "apps/effnet_bench/device_layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "cuda/conv_norm_act.h"
#include "models/kernel_terms.h"
#include "scaling/cost_model.h"

namespace effnet::apps {
namespace {

using kernels::Index;

kernels::ConvShape conv_shape(const NetOnDevice& net, const spec::Stage& stage, int in_channels, Index side,
                              int stride) {
  const kernels::Padding padding = models::kernel_term(net.arch.padding);
  const Index out = kernels::size_after(side, stage.kernel, stride, padding);
  const Index before = kernels::padding_of(side, stage.kernel, stride, padding).before;
  return {.batch = net.batch,
          .in_channels = in_channels,
          .out_channels = stage.channels,
          .height = side,
          .width = side,
          .out_height = out,
          .out_width = out,
          .kernel = stage.kernel,
          .stride = stride,
          .pad_top = before,
          .pad_left = before,
          .activation = models::kernel_term(net.arch.activation)};
}

cuda::MBConvShape block_shape(const NetOnDevice& net, const spec::Stage& stage, int in_channels, Index side,
                              int stride) {
  const kernels::Padding padding = models::kernel_term(net.arch.padding);
  const auto wide = static_cast<int>(in_channels * stage.expand_ratio + 0.5);
  const int squeezed_of = net.arch.squeeze_base == spec::SqueezeBase::kInput ? in_channels : wide;
  const Index out = kernels::size_after(side, stage.kernel, stride, padding);
  const Index before = kernels::padding_of(side, stage.kernel, stride, padding).before;
  return {.depthwise = {.batch = net.batch,
                        .channels = wide,
                        .height = side,
                        .width = side,
                        .out_height = out,
                        .out_width = out,
                        .kernel = stage.kernel,
                        .stride = stride,
                        .pad_top = before,
                        .pad_left = before},
          .in_channels = in_channels,
          .out_channels = stage.channels,
          .squeezed_channels =
              stage.se_ratio > 0 ? std::max(1, static_cast<int>(squeezed_of * stage.se_ratio)) : 0,
          .expands = stage.expand_ratio != 1,
          .residual = stage.skip && stride == 1 && in_channels == stage.channels,
          .activation = models::kernel_term(net.arch.activation)};
}

std::string name_of(const cuda::MBConvShape& s) {
  return fmt::format("mb k{} s{} {}-{}-{}{} @{}", s.depthwise.kernel, s.depthwise.stride, s.in_channels,
                     s.expanded(), s.out_channels, s.residual ? " +x" : "", s.depthwise.height);
}

bool takes_raw(const DeviceLayer& layer, kernels::Activation activation) {
  if (const auto* const block = std::get_if<cuda::MBConvShape>(&layer.shape))
    return cuda::takes_raw(*block, activation);
  if (const auto* const conv = std::get_if<kernels::ConvShape>(&layer.shape)) return cuda::takes_raw(*conv);
  return std::holds_alternative<HeadMean>(layer.shape);
}

// As models::Net passes maps on.
void leave_raw(DeviceLayer& layer, DeviceLayer& next) {
  const auto* const block = std::get_if<cuda::MBConvShape>(&layer.shape);
  const auto* const conv = std::get_if<kernels::ConvShape>(&layer.shape);
  if (!conv && !block) return;
  const kernels::Activation activation = conv ? conv->activation : block->project_activation;
  if (!takes_raw(next, activation) || (block && block->residual)) return;
  layer.raw.out = true;
  next.raw.in = true;
  next.raw.activation = activation;
}

}  // namespace

std::vector<DeviceLayer> layers_in_order(const NetOnDevice& net) {
  std::vector<DeviceLayer> layers;
  int channels = net.arch.input_channels;
  Index side = net.arch.resolution;
  const auto walk = [&](const std::vector<spec::Stage>& stages) {
    for (const spec::Stage& stage : stages) {
      for (int repeat = 0; repeat < stage.repeats; ++repeat) {
        const int stride = repeat == 0 ? stage.stride : 1;
        DeviceLayer& layer = layers.emplace_back();
        if (stage.op == spec::Op::kMBConv) {
          const cuda::MBConvShape shape = block_shape(net, stage, channels, side, stride);
          layer = {.name = name_of(shape), .shape = shape};
        } else if (stage.op == spec::Op::kConv) {
          const kernels::ConvShape shape = conv_shape(net, stage, channels, side, stride);
          if (!cuda::conv_refusal(shape))
            layer = {.name = fmt::format("conv k{} s{} {}-{} @{}", shape.kernel, stride, channels,
                                         stage.channels, side),
                     .shape = shape};
        }
        if (stage.channels > 0) channels = stage.channels;
        side = (side + stride - 1) / stride;
      }
    }
  };
  walk(net.arch.stem);
  walk(net.arch.stages);
  walk(net.arch.head);
  layers.push_back({.name = fmt::format("mean {} @{}", channels, side),
                    .shape = HeadMean{{net.batch, side * side, channels}}});
  return layers;
}

std::vector<DeviceLayer> device_layers(const NetOnDevice& net) {
  std::vector<DeviceLayer> all = layers_in_order(net), layers;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) leave_raw(all[i], all[i + 1]);
  for (DeviceLayer& layer : all) {
    if (std::holds_alternative<WithoutKernels>(layer.shape)) continue;
    if (layer.raw.in) layer.name += ", raw in";
    if (layer.raw.out) layer.name += ", raw out";
    const auto same = std::find_if(layers.begin(), layers.end(),
                                   [&](const DeviceLayer& other) { return other.name == layer.name; });
    if (same == layers.end()) {
      layers.push_back(std::move(layer));
    } else {
      ++same->repeats;
    }
  }
  layers.push_back({.name = "optimizer",
                    .shape = ParameterCount{static_cast<Index>(scaling::count(net.arch).total.params)}});
  return layers;
}

}  // namespace effnet::apps
