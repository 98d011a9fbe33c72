// The definition: LibTorch's operators, their gradients by its autograd. Maps may be bfloat16 where parameters are floats;
// then weights are rounded to it, and squeeze-and-excite is in float.
#include "ops/activation.h"
#include "ops/conv_norm_act.h"
#include "ops/map_padding.h"
#include "ops/mbconv.h"
#include "ops/mean_of_map.h"

namespace effnet::ops::reference {
namespace {

using torch::Tensor;

Tensor normalize(const Tensor& x, const BatchNorm& norm, Mode mode) {
  return at::batch_norm(x, norm.weight, norm.bias, norm.running_mean, norm.running_var, mode == Mode::kTrain,
                        norm.momentum, norm.eps, /*cudnn_enabled=*/true);
}

}  // namespace

Tensor convolve(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  const auto kernel = static_cast<int>(weight.size(2));
  const MapPadding by = map_padding(x, kernel, params.stride, params.padding);
  const Tensor stored = weight.to(x.scalar_type());
  const auto padded = [&](const Tensor& map, std::int64_t rows, std::int64_t columns) {
    return at::conv2d(map, stored, {}, {params.stride, params.stride}, {rows, columns}, {1, 1},
                      params.groups);
  };
  return by.even() ? padded(x, by.rows.before, by.columns.before) : padded(pad_map(x, by, 0), 0, 0);
}

Tensor conv_norm_act(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                     const ConvNormActParams& params, Mode mode, const Convolve& by) {
  return activate(normalize(by(x, weight, params), norm, mode), params.activation);
}

Tensor mbconv(const Tensor& x, const MBConvWeights& weights, const MBConvParams& params, const Tensor& keep,
              Mode mode, const Convolve& by) {
  Tensor y = x;
  if (weights.expand.defined())
    y = conv_norm_act(y, weights.expand, weights.expand_norm, {.activation = params.activation}, mode, by);
  y = conv_norm_act(y, weights.depthwise, weights.depthwise_norm,
                    {.stride = params.stride,
                     .groups = static_cast<int>(weights.depthwise.size(0)),
                     .padding = params.padding,
                     .activation = params.activation},
                    mode, by);
  if (weights.reduce.defined()) {
    const Tensor squeezed = activate(at::linear(mean_of_map(y).to(weights.reduce.scalar_type()),
                                                weights.reduce.flatten(1), weights.reduce_bias),
                                     params.activation);
    const Tensor gate = at::sigmoid(at::linear(squeezed, weights.gate.flatten(1), weights.gate_bias));
    y = y * gate.unsqueeze(-1).unsqueeze(-1).to(y.scalar_type());
  }
  y = conv_norm_act(y, weights.project, weights.project_norm, {.activation = params.project_activation}, mode,
                    by);
  if (keep.defined()) y = y * keep.view({-1, 1, 1, 1}).to(y.scalar_type());
  return params.residual ? y + x : y;
}

}  // namespace effnet::ops::reference
