#include "tests/cuda/dense_example.h"

#include "tests/cuda/example_values.h"

namespace effnet::tests {
namespace {

Index values_of_x(const ConvShape& s) {
  return s.batch * s.in_pixels() * s.in_channels;
}

Index values_of_y(const ConvShape& s) {
  return s.batch * s.out_pixels() * s.out_channels;
}

}  // namespace

ConvShape dense_shape(const DenseSize& s) {
  return {.batch = s.batch,
          .in_channels = s.in_channels,
          .out_channels = s.out_channels,
          .height = s.height,
          .width = s.width,
          .out_height = kernels::size_after(s.height, s.kernel, s.stride, s.padding),
          .out_width = kernels::size_after(s.width, s.kernel, s.stride, s.padding),
          .kernel = s.kernel,
          .stride = s.stride,
          .pad_top = kernels::padding_of(s.height, s.kernel, s.stride, s.padding).before,
          .pad_left = kernels::padding_of(s.width, s.kernel, s.stride, s.padding).before};
}

std::string name_of(const ConvShape& s) {
  return std::to_string(s.batch) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.in_channels) + " to " + std::to_string(s.out_channels) + ", k " +
         std::to_string(s.kernel) + ", stride " + std::to_string(s.stride);
}

DenseExample::DenseExample(const ConvShape& shape, Storage storage, const DenseSurroundings& around)
    : DenseExample(shape, storage, around, numbers(as_size(values_of_x(shape)), 1)) {}

DenseExample::DenseExample(const ConvShape& shape, Storage storage, const DenseSurroundings& around,
                           const std::vector<double>& x)
    : shape_(shape),
      storage_(storage),
      around_(around),
      x_(storage, x),
      y_(storage, numbers(as_size(values_of_y(shape)), 2)),
      y_gradient_(storage, numbers(as_size(values_of_y(shape)), 3)),
      weights_(storage, numbers(as_size(shape.patch() * shape.out_channels), 4)),
      scale_(floats(shape.in_channels, 5, 1, 0.5)),
      offset_(floats(shape.in_channels, 6, 0, 1)),
      mean_(floats(shape.in_channels, 7, 0, 0.5)),
      a_(floats(shape.out_channels, 8, 1, 0.5)),
      b_(floats(shape.out_channels, 9, 0, 0.3)),
      c_(floats(shape.out_channels, 10, 0, 0.3)),
      x_values_(x_.values()),
      value_(x_values_),
      slope_(x_values_.size(), 1.0) {
  if (!around.norm_before) return;
  const std::vector<double> scale = wide(scale_), offset = wide(offset_);
  for (std::size_t i = 0; i < value_.size(); ++i) {
    const double z = x_values_[i] * scale[i % scale.size()] + offset[i % scale.size()];
    value_[i] = operand(kernels::activation_value(around.activation, z));
    slope_[i] = kernels::activation_slope(around.activation, z);
  }
}

double DenseExample::operand(double value) const {
  return storage_ == Storage::kFloat ? value : nearest_bfloat16(value);
}

std::vector<double> DenseExample::mean() const {
  return wide(mean_);
}

cuda::DenseForward DenseExample::forward_work() const {
  cuda::DenseForward work{.shape = shape_, .storage = storage_, .x = x_.data(), .weights = weights_.data()};
  if (around_.norm_before) {
    work.scale = scale_.data();
    work.offset = offset_.data();
    work.activation = around_.activation;
  }
  return work;
}

DenseExample::Forward DenseExample::forward() const {
  cuda::DenseForward work = forward_work();
  const StoredMap y(storage_, as_size(values_of_y(shape_)));
  const DeviceBuffer<float> moments(as_size(cuda::moment_parts(work) * 3 * shape_.out_channels));
  work.y = y.data();
  if (around_.norm_behind) work.moments = moments.data();
  cuda::dense_forward(work, nullptr);
  Forward result{.bytes = y.bytes(), .y = y.values(), .moments = {}};
  if (around_.norm_behind) result.moments = moments.values();
  append(result.bytes, result.moments);
  return result;
}

std::vector<double> DenseExample::expected_y() const {
  std::vector<double> y(as_size(values_of_y(shape_)));
  kernels::conv_forward(shape_, value_.data(), weights_.values().data(), y.data());
  return y;
}

cuda::DenseInputGradient DenseExample::input_gradient_work() const {
  cuda::DenseInputGradient work{.shape = shape_,
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
  return work;
}

cuda::DenseWeightGradient DenseExample::weight_gradient_work() const {
  const cuda::DenseInputGradient same = input_gradient_work();
  return {.shape = shape_,
          .storage = storage_,
          .y_gradient = same.y_gradient,
          .y = same.y,
          .a = same.a,
          .b = same.b,
          .c = same.c,
          .x = same.x,
          .scale = same.scale,
          .offset = same.offset,
          .activation = same.activation};
}

DenseExample::Backward DenseExample::backward() const {
  cuda::DenseInputGradient to_x = input_gradient_work();
  cuda::DenseWeightGradient to_weights = weight_gradient_work();
  const Index weights = shape_.patch() * shape_.out_channels;
  const StoredMap x_gradient(storage_, as_size(values_of_x(shape_)));
  const DeviceBuffer<float> sums(as_size(cuda::gradient_parts(to_x) * 2 * shape_.in_channels)),
      weight_parts(as_size(cuda::weight_gradient_parts(to_weights) * weights)),
      weight_gradient(as_size(weights));
  to_x.x_gradient = x_gradient.data();
  if (around_.norm_before) to_x.sums = sums.data();
  to_weights.weight_parts = weight_parts.data();
  to_weights.weight_gradient = weight_gradient.data();
  cuda::dense_input_gradient(to_x, nullptr);
  cuda::dense_weight_gradient(to_weights, nullptr);
  Backward result{.bytes = x_gradient.bytes(),
                  .x_gradient = x_gradient.values(),
                  .sums = {},
                  .weight_gradient = wide(weight_gradient)};
  if (around_.norm_before) result.sums = sums.values();
  append(result.bytes, result.sums);
  append(result.bytes, result.weight_gradient);
  return result;
}

DenseExample::ExpectedBackward DenseExample::expected_backward() const {
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
      .weight_gradient = std::vector<double>(as_size(shape_.patch() * shape_.out_channels))};
  kernels::conv_backward(shape_, value_.data(), weights_.values().data(), dy.data(),
                         expected.x_gradient.data(), expected.weight_gradient.data());
  for (std::size_t i = 0; i < slope_.size(); ++i) expected.x_gradient[i] *= slope_[i];
  return expected;
}

}  // namespace effnet::tests
