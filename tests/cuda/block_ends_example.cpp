#include "tests/cuda/block_ends_example.h"

#include "tests/cuda/example_values.h"

namespace effnet::tests {
namespace {

// Every third picture is dropped.
std::vector<float> keeps(Index batch) {
  std::vector<float> keep(as_size(batch), 1.25f);
  for (std::size_t n = 1; n < keep.size(); n += 3) keep[n] = 0;
  return keep;
}

std::vector<double> joined_rows(const std::vector<float>& parts, Index channels) {
  std::vector<double> sums(as_size(2 * channels));
  for (std::size_t i = 0; i < parts.size(); ++i) sums[i % sums.size()] += static_cast<double>(parts[i]);
  return sums;
}

std::vector<std::byte> bytes_of_all(const std::vector<std::byte>& first, const std::vector<float>& then) {
  std::vector<std::byte> bytes = first;
  const auto* from = reinterpret_cast<const std::byte*>(then.data());
  bytes.insert(bytes.end(), from, from + then.size() * sizeof(float));
  return bytes;
}

std::vector<float> means(const std::vector<double>& y, Index channels) {
  std::vector<double> mean(as_size(channels));
  for (std::size_t i = 0; i < y.size(); ++i)
    mean[i % mean.size()] += y[i] * static_cast<double>(channels) / static_cast<double>(y.size());
  return {mean.begin(), mean.end()};
}

}  // namespace

BlockEndsExample::BlockEndsExample(const RowShape& shape, Storage storage, const OutputSurroundings& around)
    : BlockEndsExample(shape, storage, around, numbers(as_size(shape.rows() * shape.channels), 1)) {}

BlockEndsExample::BlockEndsExample(const RowShape& shape, Storage storage, const OutputSurroundings& around,
                                   const std::vector<double>& y)
    : shape_(shape),
      storage_(storage),
      around_(around),
      y_(storage, y),
      x_(storage, numbers(y.size(), 2)),
      out_gradient_(storage, numbers(y.size(), 3)),
      scale_(floats(shape.channels, 5, 2, 0.5)),
      offset_(floats(shape.channels, 6, 0, 2)),
      mean_(means(y_.values(), shape.channels)),
      x_scale_(floats(shape.channels, 9, 2, 0.5)),
      x_offset_(floats(shape.channels, 10, 0, 2)),
      keep_(keeps(shape.batch)),
      pooled_gradient_(floats(shape.batch * shape.channels, 8, 0, 1)),
      y_values_(y_.values()),
      scale_values_(wide(scale_)),
      offset_values_(wide(offset_)),
      mean_values_(wide(mean_)),
      residual_values_(around.residual ? x_.values() : std::vector<double>(y.size())),
      keep_values_(wide(keep_)) {
  if (!around.keep) keep_values_.assign(keep_values_.size(), 1);
  if (!around.residual || !around.raw_residual) return;
  const std::vector<double> scale = wide(x_scale_), offset = wide(x_offset_);
  for (std::size_t i = 0; i < y.size(); ++i)
    residual_values_[i] = residual_values_[i] * scale[i % scale.size()] + offset[i % scale.size()];
}

double BlockEndsExample::normal(std::size_t i) const {
  const std::size_t c = i % as_size(shape_.channels);
  return y_values_[i] * scale_values_[c] + offset_values_[c];
}

cuda::BlockOutputForward BlockEndsExample::output_work() const {
  return {.shape = shape_,
          .storage = storage_,
          .y = y_.data(),
          .scale = scale_.data(),
          .offset = offset_.data(),
          .activation = around_.activation,
          .keep = around_.keep ? keep_.data() : nullptr,
          .x = around_.residual ? x_.data() : nullptr,
          .x_scale = around_.raw_residual ? x_scale_.data() : nullptr,
          .x_offset = around_.raw_residual ? x_offset_.data() : nullptr};
}

cuda::BlockOutputBackward BlockEndsExample::output_gradient_work() const {
  return {.shape = shape_,
          .storage = storage_,
          .out_gradient = out_gradient_.data(),
          .y = y_.data(),
          .scale = scale_.data(),
          .offset = offset_.data(),
          .activation = around_.activation,
          .keep = around_.keep ? keep_.data() : nullptr,
          .mean = mean_.data()};
}

cuda::HeadPoolForward BlockEndsExample::pooled_work() const {
  return {.shape = shape_,
          .storage = storage_,
          .y = y_.data(),
          .scale = scale_.data(),
          .offset = offset_.data(),
          .activation = around_.activation};
}

cuda::HeadPoolBackward BlockEndsExample::pooled_gradient_work() const {
  return {.shape = shape_,
          .storage = storage_,
          .pooled_gradient = pooled_gradient_.data(),
          .y = y_.data(),
          .scale = scale_.data(),
          .offset = offset_.data(),
          .activation = around_.activation,
          .mean = mean_.data()};
}

BlockEndsExample::Map BlockEndsExample::output() const {
  const StoredMap out(storage_, y_values_.size());
  cuda::BlockOutputForward work = output_work();
  work.out = out.data();
  cuda::block_output_forward(work, nullptr);
  return {.bytes = out.bytes(), .map = out.values(), .sums = {}};
}

BlockEndsExample::Map BlockEndsExample::output_gradient() const {
  const StoredMap d(storage_, y_values_.size());
  const DeviceBuffer<float> sums(as_size(cuda::output_parts(shape_, storage_) * 2 * shape_.channels));
  cuda::BlockOutputBackward work = output_gradient_work();
  if (around_.gradient_wanted) work.y_gradient = d.data();
  work.sums = sums.data();
  cuda::block_output_backward(work, nullptr);
  return {.bytes = bytes_of_all(d.bytes(), sums.values()),
          .map = d.values(),
          .sums = joined_rows(sums.values(), shape_.channels)};
}

BlockEndsExample::Map BlockEndsExample::pooled() const {
  const DeviceBuffer<float> pooled(as_size(shape_.batch * shape_.channels));
  cuda::HeadPoolForward work = pooled_work();
  work.pooled = pooled.data();
  cuda::head_pool_forward(work, nullptr);
  return {.bytes = bytes_of_all({}, pooled.values()), .map = wide(pooled), .sums = {}};
}

BlockEndsExample::Map BlockEndsExample::pooled_gradient() const {
  const StoredMap d(storage_, y_values_.size());
  const DeviceBuffer<float> sums(as_size(cuda::head_parts(shape_, storage_) * 2 * shape_.channels));
  cuda::HeadPoolBackward work = pooled_gradient_work();
  work.y_gradient = d.data();
  work.sums = sums.data();
  cuda::head_pool_backward(work, nullptr);
  return {.bytes = bytes_of_all(d.bytes(), sums.values()),
          .map = d.values(),
          .sums = joined_rows(sums.values(), shape_.channels)};
}

std::vector<double> BlockEndsExample::expected_output() const {
  std::vector<double> out(y_values_.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t picture = i / as_size(shape_.pixels * shape_.channels);
    out[i] = kernels::activation_value(around_.activation, normal(i)) * keep_values_[picture] +
             residual_values_[i];
  }
  return out;
}

std::vector<double> BlockEndsExample::expected_output_gradient() const {
  std::vector<double> d = out_gradient_.values();
  for (std::size_t i = 0; i < d.size(); ++i) {
    const std::size_t picture = i / as_size(shape_.pixels * shape_.channels);
    d[i] *= keep_values_[picture] * kernels::activation_slope(around_.activation, normal(i));
  }
  return d;
}

std::vector<double> BlockEndsExample::expected_pooled() const {
  const std::size_t channels = as_size(shape_.channels), picture = as_size(shape_.pixels) * channels;
  std::vector<double> pooled(as_size(shape_.batch) * channels);
  for (std::size_t i = 0; i < y_values_.size(); ++i)
    pooled[i / picture * channels + i % channels] +=
        kernels::activation_value(around_.activation, normal(i)) / static_cast<double>(shape_.pixels);
  return pooled;
}

std::vector<double> BlockEndsExample::expected_pooled_gradient() const {
  const std::size_t channels = as_size(shape_.channels), picture = as_size(shape_.pixels) * channels;
  const std::vector<double> of_pooled = wide(pooled_gradient_);
  std::vector<double> d(y_values_.size());
  for (std::size_t i = 0; i < d.size(); ++i)
    d[i] = of_pooled[i / picture * channels + i % channels] / static_cast<double>(shape_.pixels) *
           kernels::activation_slope(around_.activation, normal(i));
  return d;
}

BlockEndsExample::Sums BlockEndsExample::sums_of(const std::vector<double>& d) const {
  const std::size_t channels = as_size(shape_.channels);
  Sums all{std::vector<double>(2 * channels), std::vector<double>(2 * channels)};
  for (std::size_t i = 0; i < d.size(); ++i) {
    const std::size_t c = i % channels;
    const double product = d[i] * (y_values_[i] - mean_values_[c]);
    all.sums[c] += d[i];
    all.sums[channels + c] += product;
    all.sizes[c] += std::abs(d[i]);
    all.sizes[channels + c] += std::abs(product);
  }
  return all;
}

}  // namespace effnet::tests
