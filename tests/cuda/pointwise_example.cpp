#include "tests/cuda/pointwise_example.h"

#include "tests/cuda/example_values.h"

namespace effnet::tests {
std::string name_of(const PointwiseShape& s) {
  return std::to_string(s.batch) + "x" + std::to_string(s.pixels) + "x" + std::to_string(s.in_channels) +
         " to " + std::to_string(s.out_channels);
}

PointwiseExample::PointwiseExample(const PointwiseShape& shape, Storage storage,
                                   const PointwiseSurroundings& around)
    : PointwiseExample(shape, storage, around, numbers(as_size(shape.rows() * shape.in_channels), 1)) {}

PointwiseExample::PointwiseExample(const PointwiseShape& shape, Storage storage,
                                   const PointwiseSurroundings& around, const std::vector<double>& x)
    : shape_(shape),
      storage_(storage),
      around_(around),
      x_(storage, x),
      y_(storage, numbers(as_size(shape.rows() * shape.out_channels), 2)),
      y_gradient_(storage, numbers(as_size(shape.rows() * shape.out_channels), 3)),
      addend_(storage, numbers(as_size(shape.rows() * shape.in_channels), 4)),
      residual_(storage, numbers(as_size(shape.rows() * shape.out_channels), 5)),
      weights_(storage, numbers(as_size(shape.in_channels * shape.out_channels), 6)),
      scale_(floats(shape.in_channels, 7, 1, 0.5)),
      offset_(floats(shape.in_channels, 8, 0, 1)),
      gate_(floats(shape.batch * shape.in_channels, 9, 0.5, 0.5)),
      mean_(floats(shape.in_channels, 10, 0, 0.5)),
      bias_(floats(shape.out_channels, 11, 0, 1)),
      a_(floats(shape.out_channels, 12, 1, 0.5)),
      b_(floats(shape.out_channels, 13, 0, 0.3)),
      c_(floats(shape.out_channels, 14, 0, 0.3)),
      x_values_(x_.values()),
      value_(x_values_),
      slope_(x_values_.size(), 1.0) {
  if (!around.norm_before) return;
  const std::vector<double> scale = wide(scale_), offset = wide(offset_);
  for (std::size_t i = 0; i < value_.size(); ++i) {
    const double z = x_values_[i] * scale[i % scale.size()] + offset[i % scale.size()];
    value_[i] = kernels::activation_value(around.activation, z);
    slope_[i] = kernels::activation_slope(around.activation, z);
  }
}

double PointwiseExample::operand(double value) const {
  return storage_ == Storage::kFloat ? value : nearest_bfloat16(value);
}

std::vector<double> PointwiseExample::gated_value() const {
  const std::vector<double> gate = wide(gate_);
  std::vector<double> gated = value_;
  for (std::size_t i = 0; i < gated.size(); ++i) {
    const std::size_t channels = as_size(shape_.in_channels);
    const std::size_t picture = i / channels / as_size(shape_.pixels);
    gated[i] = operand(gated[i] * (around_.gate ? gate[picture * channels + i % channels] : 1));
  }
  return gated;
}

std::vector<double> PointwiseExample::mean() const {
  return wide(mean_);
}

cuda::PointwiseForward PointwiseExample::forward_work() const {
  cuda::PointwiseForward work{
      .shape = shape_, .storage = storage_, .x = x_.data(), .weights = weights_.data()};
  if (around_.norm_before) {
    work.scale = scale_.data();
    work.offset = offset_.data();
    work.activation = around_.activation;
  }
  if (around_.gate) work.gate = gate_.data();
  if (around_.bias) work.bias = bias_.data();
  if (around_.residual) work.residual = residual_.data();
  return work;
}

PointwiseExample::Forward PointwiseExample::forward() const {
  cuda::PointwiseForward work = forward_work();
  const StoredMap y(storage_, as_size(shape_.rows() * shape_.out_channels));
  const DeviceBuffer<float> moments(as_size(cuda::moment_parts(work) * 3 * shape_.out_channels));
  work.y = y.data();
  if (around_.norm_behind) work.moments = moments.data();
  cuda::pointwise_forward(work, nullptr);
  Forward result{.bytes = y.bytes(), .y = y.values(), .moments = {}};
  if (around_.norm_behind) result.moments = moments.values();
  append(result.bytes, result.moments);
  return result;
}

std::vector<double> PointwiseExample::expected_y() const {
  std::vector<double> y(as_size(shape_.rows() * shape_.out_channels));
  kernels::pointwise_forward(shape_, gated_value().data(), nullptr, weights_.values().data(), y.data());
  const std::vector<double> bias = wide(bias_), residual = residual_.values();
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (around_.bias) y[i] += bias[i % bias.size()];
    if (around_.residual) y[i] += residual[i];
  }
  return y;
}

cuda::PointwiseBackward PointwiseExample::backward_work() const {
  cuda::PointwiseBackward work{.shape = shape_,
                               .storage = storage_,
                               .y_gradient = y_gradient_.data(),
                               .x = x_.data(),
                               .weights = weights_.data()};
  if (around_.norm_behind) {
    work.y = y_.data();
    work.a = a_.data();
    work.b = b_.data();
    work.c = c_.data();
  }
  if (around_.norm_before) {
    work.scale = scale_.data();
    work.offset = offset_.data();
    work.activation = around_.activation;
    work.mean = mean_.data();
  }
  if (around_.gate) work.gate = gate_.data();
  if (around_.addend) work.addend = addend_.data();
  return work;
}

PointwiseExample::Backward PointwiseExample::backward() const {
  cuda::PointwiseBackward work = backward_work();
  const Index weights = shape_.in_channels * shape_.out_channels;
  const StoredMap x_gradient(storage_, as_size(shape_.rows() * shape_.in_channels));
  const DeviceBuffer<float> sums(as_size(cuda::gradient_parts(work) * 2 * shape_.in_channels)),
      gate_sums(as_size(shape_.batch * cuda::gate_parts(work) * 3 * shape_.in_channels)),
      weight_parts(as_size(cuda::weight_gradient_parts(work) * weights)), weight_gradient(as_size(weights));
  work.x_gradient = x_gradient.data();
  const bool with_sums = around_.norm_before && !around_.gate;
  if (with_sums) work.sums = sums.data();
  if (around_.gate) work.gate_sums = gate_sums.data();
  work.weight_parts = weight_parts.data();
  work.weight_gradient = weight_gradient.data();
  cuda::pointwise_backward(work, nullptr);
  Backward result{.bytes = x_gradient.bytes(),
                  .x_gradient = x_gradient.values(),
                  .sums = {},
                  .gate_sums = {},
                  .weight_gradient = wide(weight_gradient)};
  if (with_sums) result.sums = sums.values();
  if (around_.gate) result.gate_sums = gate_sums.values();
  append(result.bytes, result.sums);
  append(result.bytes, result.gate_sums);
  append(result.bytes, result.weight_gradient);
  return result;
}

PointwiseExample::ExpectedBackward PointwiseExample::expected_backward() const {
  std::vector<double> dy = y_gradient_.values();
  if (around_.norm_behind) {
    const std::vector<double> a = wide(a_), b = wide(b_), c = wide(c_), y = y_.values();
    for (std::size_t i = 0; i < dy.size(); ++i) {
      const std::size_t channel = i % a.size();
      dy[i] = operand(a[channel] * dy[i] + b[channel] * y[i] + c[channel]);
    }
  }
  ExpectedBackward expected{
      .x_gradient = std::vector<double>(x_values_.size()),
      .weight_gradient = std::vector<double>(as_size(shape_.in_channels * shape_.out_channels))};
  kernels::pointwise_backward(shape_, gated_value().data(), nullptr, weights_.values().data(), dy.data(),
                              expected.x_gradient.data(), expected.weight_gradient.data());
  if (around_.gate) return expected;
  const std::vector<double> addend = addend_.values();
  for (std::size_t i = 0; i < slope_.size(); ++i)
    expected.x_gradient[i] = expected.x_gradient[i] * slope_[i] + (around_.addend ? addend[i] : 0);
  return expected;
}

}  // namespace effnet::tests
