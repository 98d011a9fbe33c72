#include "tests/cuda/squeeze_excite_example.h"

#include "kernels/squeeze_excite.h"
#include "tests/cuda/example_values.h"

namespace effnet::tests {
namespace {

std::vector<double> channel_means(const std::vector<double>& values, Index channels) {
  std::vector<double> mean(as_size(channels));
  for (std::size_t i = 0; i < values.size(); ++i)
    mean[i % mean.size()] += values[i] * static_cast<double>(channels) / static_cast<double>(values.size());
  return mean;
}

// Offsets that keep z = y * scale + offset where activations bend, whatever the mean of y.
std::vector<float> offsets(const std::vector<double>& mean, const std::vector<float>& scale) {
  std::vector<float> offset = floats(static_cast<Index>(mean.size()), 6, 0, 1);
  for (std::size_t c = 0; c < mean.size(); ++c) offset[c] -= static_cast<float>(mean[c]) * scale[c];
  return offset;
}

// (N, parts, numbers, C) with the parts of each picture joined.
std::vector<double> joined_parts(const std::vector<float>& sums, Index batch, Index parts) {
  std::vector<double> all(sums.size() / as_size(parts));
  const std::size_t row = all.size() / as_size(batch);
  for (std::size_t i = 0; i < sums.size(); ++i)
    all[i / (row * as_size(parts)) * row + i % row] += static_cast<double>(sums[i]);
  return all;
}

}  // namespace

SqueezeExciteExample::SqueezeExciteExample(const RowShape& shape, Index squeezed_channels, Storage storage,
                                           Activation activation)
    : SqueezeExciteExample(shape, squeezed_channels, storage, activation,
                           numbers(as_size(shape.rows() * shape.channels), 1)) {}

SqueezeExciteExample::SqueezeExciteExample(const RowShape& shape, Index squeezed_channels, Storage storage,
                                           Activation activation, const std::vector<double>& y)
    : shape_(shape),
      storage_(storage),
      layers_{.batch = shape.batch,
              .pixels = shape.pixels,
              .channels = shape.channels,
              .squeezed_channels = squeezed_channels,
              .activation = activation},
      y_(storage, y),
      g_(storage, numbers(y.size(), 2)),
      y_mean_(channel_means(y_.values(), shape.channels)),
      scale_(floats(shape.channels, 5, 1.5, 0.5)),
      offset_(offsets(y_mean_, floats(shape.channels, 5, 1.5, 0.5))),
      mean_(narrow(y_mean_)),
      reduce_(floats(squeezed_channels * shape.channels, 7, 0,
                     2 / std::sqrt(static_cast<double>(shape.channels)))),
      reduce_bias_(floats(squeezed_channels, 8, 0, 1)),
      expand_(floats(squeezed_channels * shape.channels, 9, 0,
                     2 / std::sqrt(static_cast<double>(squeezed_channels)))),
      expand_bias_(floats(shape.channels, 10, 0, 1)) {}

cuda::SePool SqueezeExciteExample::pool_work() const {
  return {.shape = shape_,
          .storage = storage_,
          .y = y_.data(),
          .scale = scale_.data(),
          .offset = offset_.data(),
          .activation = layers_.activation,
          .mean = mean_.data()};
}

cuda::SeLayersForward SqueezeExciteExample::forward_work() const {
  return {.shape = layers_,
          .parts = parts(),
          .reduce = reduce_.data(),
          .reduce_bias = reduce_bias_.data(),
          .expand = expand_.data(),
          .expand_bias = expand_bias_.data()};
}

cuda::SeLayersBackward SqueezeExciteExample::backward_work() const {
  return {.shape = layers_,
          .gate_parts = kGateParts,
          .pool_parts = parts(),
          .reduce = reduce_.data(),
          .expand = expand_.data()};
}

std::vector<float> SqueezeExciteExample::pool(bool moments) const {
  const DeviceBuffer<float> sums(as_size(shape_.batch * parts() * (moments ? 3 : 1) * shape_.channels));
  cuda::SePool work = pool_work();
  if (!moments) work.mean = nullptr;
  work.sums = sums.data();
  cuda::se_pool(work, nullptr);
  return sums.values();
}

SqueezeExciteExample::Result SqueezeExciteExample::result() const {
  const Index batch = shape_.batch, channels = shape_.channels, squeezed_channels = layers_.squeezed_channels;
  // What the gated product's way back leaves: pixels dealt to kGateParts parts.
  const std::vector<double> y = y_.values(), g = g_.values(), scale = wide(scale_.values()),
                            offset = wide(offset_.values());
  std::vector<double> gate_sums(as_size(batch * kGateParts * 3 * channels));
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t c = i % as_size(channels), pixel = i / as_size(channels);
    const std::size_t picture = pixel / as_size(shape_.pixels), part = pixel % as_size(kGateParts);
    double* sums = gate_sums.data() + (picture * as_size(kGateParts) + part) * 3 * as_size(channels) + c;
    const double z = y[i] * scale[c] + offset[c];
    const double through = g[i] * kernels::activation_slope(layers_.activation, z);
    sums[0] += g[i] * kernels::activation_value(layers_.activation, z);
    sums[channels] += through;
    sums[2 * channels] += through * (y[i] - y_mean_[c]);
  }

  const DeviceBuffer<float> pool_sums(pool(true)), of_gate(narrow(gate_sums));
  const auto wides = as_size(batch * channels), narrows = as_size(batch * squeezed_channels);
  const DeviceBuffer<float> pooled(wides), squeezed(narrows), gate(wides), logit_gradient(wides),
      squeezed_gradient(narrows), mean_gradient(wides), norm_sums(2 * wides),
      reduce(as_size(channels * squeezed_channels)), reduce_bias(as_size(squeezed_channels)),
      expand(as_size(channels * squeezed_channels)), expand_bias(as_size(channels));
  cuda::SeLayersForward forward = forward_work();
  forward.pool_sums = pool_sums.data();
  forward.pooled = pooled.data();
  forward.squeezed = squeezed.data();
  forward.gate = gate.data();
  cuda::se_layers_forward(forward, nullptr);
  cuda::SeLayersBackward backward = backward_work();
  backward.gate_sums = of_gate.data();
  backward.pool_sums = pool_sums.data();
  backward.pooled = pooled.data();
  backward.squeezed = squeezed.data();
  backward.gate = gate.data();
  backward.logit_gradient = logit_gradient.data();
  backward.squeezed_gradient = squeezed_gradient.data();
  backward.mean_gradient = mean_gradient.data();
  backward.norm_sums = norm_sums.data();
  backward.reduce_gradient = reduce.data();
  backward.reduce_bias_gradient = reduce_bias.data();
  backward.expand_gradient = expand.data();
  backward.expand_bias_gradient = expand_bias.data();
  cuda::se_layers_backward(backward, nullptr);

  Result result{.bytes = {},
                .pool_sums = joined_parts(pool_sums.values(), batch, parts()),
                .pooled = wide(pooled.values()),
                .squeezed = wide(squeezed.values()),
                .gate = wide(gate.values()),
                .mean_gradient = wide(mean_gradient.values()),
                .reduce = wide(reduce.values()),
                .reduce_bias = wide(reduce_bias.values()),
                .expand = wide(expand.values()),
                .expand_bias = wide(expand_bias.values()),
                .norm_sums = joined_parts(norm_sums.values(), 1, batch)};
  for (const DeviceBuffer<float>* buffer : {&pool_sums, &pooled, &squeezed, &gate, &mean_gradient, &norm_sums,
                                            &reduce, &reduce_bias, &expand, &expand_bias}) {
    const std::vector<float> values = buffer->values();
    const auto* from = reinterpret_cast<const std::byte*>(values.data());
    result.bytes.insert(result.bytes.end(), from, from + values.size() * sizeof(float));
  }
  return result;
}

SqueezeExciteExample::Result SqueezeExciteExample::expected() const {
  const std::size_t channels = as_size(shape_.channels), pixels = as_size(shape_.pixels),
                    batch = as_size(shape_.batch), squeezed_channels = as_size(layers_.squeezed_channels);
  const std::vector<double> y = y_.values(), g = g_.values(), scale = wide(scale_.values()),
                            offset = wide(offset_.values()), reduce = wide(reduce_.values()),
                            reduce_bias = wide(reduce_bias_.values()), expand = wide(expand_.values()),
                            expand_bias = wide(expand_bias_.values());
  std::vector<double> value(y.size()), slope(y.size());
  Result e{.bytes = {},
           .pool_sums = std::vector<double>(batch * 3 * channels),
           .pooled = std::vector<double>(batch * channels),
           .squeezed = std::vector<double>(batch * squeezed_channels),
           .gate = std::vector<double>(batch * channels),
           .mean_gradient = std::vector<double>(batch * channels),
           .reduce = std::vector<double>(reduce.size()),
           .reduce_bias = std::vector<double>(squeezed_channels),
           .expand = std::vector<double>(expand.size()),
           .expand_bias = std::vector<double>(channels),
           .norm_sums = std::vector<double>(2 * channels)};
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t c = i % channels, picture = i / (channels * pixels);
    const double z = y[i] * scale[c] + offset[c];
    value[i] = kernels::activation_value(layers_.activation, z);
    slope[i] = kernels::activation_slope(layers_.activation, z);
    double* sums = e.pool_sums.data() + picture * 3 * channels + c;
    sums[0] += value[i];
    sums[channels] += slope[i];
    sums[2 * channels] += slope[i] * (y[i] - y_mean_[c]);
  }
  const kernels::SqueezeExciteWeights weights{reduce.data(), reduce_bias.data(), expand.data(),
                                              expand_bias.data()};
  kernels::squeeze_excite_forward(layers_, weights, value.data(), e.pooled.data(), e.squeezed.data(),
                                  e.gate.data());
  std::vector<double> a_gradient(y.size()), gate_gradient(batch * channels);
  for (std::size_t i = 0; i < y.size(); ++i)
    gate_gradient[i / (channels * pixels) * channels + i % channels] += g[i] * value[i];
  kernels::squeeze_excite_backward(
      layers_, weights, e.pooled.data(), e.squeezed.data(), e.gate.data(), gate_gradient.data(),
      a_gradient.data(), {e.reduce.data(), e.reduce_bias.data(), e.expand.data(), e.expand_bias.data()});
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t c = i % channels, at = i / (channels * pixels) * channels + c;
    e.mean_gradient[at] = a_gradient[i];  // the same all over a picture
    const double dz = (e.gate[at] * g[i] + a_gradient[i]) * slope[i];
    e.norm_sums[c] += dz;
    e.norm_sums[channels + c] += dz * (y[i] - y_mean_[c]);
  }
  return e;
}

}  // namespace effnet::tests
