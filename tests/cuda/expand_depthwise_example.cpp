#include "tests/cuda/expand_depthwise_example.h"

#include "kernels/pointwise.h"
#include "tests/cuda/example_values.h"

namespace effnet::tests {
namespace {

// act(value * scale + offset), a channel its numbers.
void norm_and_activate(std::vector<double>& values, const DeviceBuffer<float>& scale,
                       const DeviceBuffer<float>& offset, Activation activation) {
  const std::vector<double> scales = wide(scale), offsets = wide(offset);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = i % scales.size();
    values[i] = kernels::activation_value(activation, values[i] * scales[channel] + offsets[channel]);
  }
}

}  // namespace

std::size_t ExpandDepthwiseExample::values_of_x(const DepthwiseShape& s, const Expansion& expansion) {
  return as_size(s.in_rows() * (expansion.in_channels > 0 ? expansion.in_channels : s.channels));
}

ExpandDepthwiseExample::ExpandDepthwiseExample(const DepthwiseShape& shape, Storage storage,
                                               const Expansion& expansion)
    : ExpandDepthwiseExample(shape, storage, expansion, numbers(values_of_x(shape, expansion), 1)) {}

ExpandDepthwiseExample::ExpandDepthwiseExample(const DepthwiseShape& s, Storage storage,
                                               const Expansion& expansion, const std::vector<double>& x)
    : shape_(s),
      storage_(storage),
      expansion_(expansion),
      x_(storage, x),
      expand_(storage, numbers(as_size(s.channels * std::max<Index>(expansion.in_channels, 1)), 2)),
      scale_(floats(s.channels, 3, 1, 0.5)),
      offset_(floats(s.channels, 4, 0, 1)),
      weights_(floats(s.channels * s.kernel * s.kernel, 5, 0, 1)),
      out_scale_(floats(s.channels, 6, 0.3, 0.2)),
      out_offset_(floats(s.channels, 7, 0, 1)) {}

cuda::ExpandDepthwise ExpandDepthwiseExample::work() const {
  cuda::ExpandDepthwise work{.shape = shape_,
                             .in_channels = expansion_.in_channels,
                             .storage = storage_,
                             .x = x_.data(),
                             .weights = weights_.data(),
                             .out_scale = out_scale_.data(),
                             .out_offset = out_offset_.data(),
                             .out_activation = expansion_.out_activation};
  if (expansion_.in_channels > 0) work.expand = expand_.data();
  if (expansion_.norm_before) {
    work.scale = scale_.data();
    work.offset = offset_.data();
    work.activation = expansion_.activation;
  }
  return work;
}

ExpandDepthwiseExample::Result ExpandDepthwiseExample::result() const {
  cuda::ExpandDepthwise work = this->work();
  const Index parts = sum_parts(work);
  const StoredMap y(storage_, as_size(shape_.out_rows() * shape_.channels));
  const DeviceBuffer<float> sums(as_size(shape_.batch * parts * shape_.channels));
  work.y = y.data();
  if (expansion_.sums) work.sums = sums.data();
  cuda::expand_depthwise(work, nullptr);
  Result result{.bytes = y.bytes(), .y = y.values(), .sums = {}};
  if (!expansion_.sums) return result;
  append(result.bytes, sums.values());
  const std::vector<double> all = wide(sums);
  const std::size_t channels = as_size(shape_.channels), of_picture = channels * as_size(parts);
  result.sums.assign(as_size(shape_.batch) * channels, 0);
  for (std::size_t i = 0; i < all.size(); ++i)
    result.sums[i / of_picture * channels + i % channels] += all[i];
  return result;
}

ExpandDepthwiseExample::Result ExpandDepthwiseExample::expected() const {
  std::vector<double> e = x_.values();
  if (expansion_.in_channels > 0) {
    const std::vector<double> x = std::move(e);
    e.resize(as_size(shape_.in_rows() * shape_.channels));
    kernels::pointwise_forward({1, shape_.in_rows(), expansion_.in_channels, shape_.channels}, x.data(),
                               nullptr, expand_.values().data(), e.data());
  }
  if (expansion_.norm_before) norm_and_activate(e, scale_, offset_, expansion_.activation);
  if (storage_ == Storage::kBfloat16) std::transform(e.begin(), e.end(), e.begin(), nearest_bfloat16);
  Result expected;
  expected.y.resize(as_size(shape_.out_rows() * shape_.channels));
  kernels::depthwise_forward(shape_, e.data(), wide(weights_).data(), expected.y.data());
  norm_and_activate(expected.y, out_scale_, out_offset_, expansion_.out_activation);
  const std::size_t channels = as_size(shape_.channels);
  expected.sums.assign(as_size(shape_.batch) * channels, 0);
  for (std::size_t i = 0; i < expected.y.size(); ++i) {
    const std::size_t picture = i / (expected.y.size() / as_size(shape_.batch));
    expected.sums[picture * channels + i % channels] += expected.y[i];
  }
  return expected;
}

}  // namespace effnet::tests
