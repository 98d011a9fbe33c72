#include "tests/cuda/depthwise_example.h"

#include <limits>

#include "tests/cuda/example_values.h"

namespace effnet::tests {
DepthwiseShape same_shape(Index batch, Index channels, Index height, Index width, int kernel, int stride,
                          kernels::Padding padding) {
  return {.batch = batch,
          .channels = channels,
          .height = height,
          .width = width,
          .out_height = kernels::size_after(height, kernel, stride, padding),
          .out_width = kernels::size_after(width, kernel, stride, padding),
          .kernel = kernel,
          .stride = stride,
          .pad_top = kernels::padding_of(height, kernel, stride, padding).before,
          .pad_left = kernels::padding_of(width, kernel, stride, padding).before};
}

std::string name_of(const DepthwiseShape& s) {
  return std::to_string(s.batch) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.channels) + " k" + std::to_string(s.kernel) + " s" + std::to_string(s.stride) +
         " pads " + std::to_string(s.pad_top) + "," + std::to_string(s.pad_left);
}

std::vector<double> numbers(std::size_t count, double seed) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double turn = std::sin(seed + 12.9898 * static_cast<double>(i)) * 43758.5453;
    values[i] = 2 * (turn - std::floor(turn)) - 1;
  }
  return values;
}

DepthwiseExample::DepthwiseExample(const DepthwiseShape& shape, Storage storage, const Surroundings& around)
    : DepthwiseExample(shape, storage, around, numbers(as_size(shape.in_rows() * shape.channels), 1)) {}

DepthwiseExample::DepthwiseExample(const DepthwiseShape& shape, Storage storage, const Surroundings& around,
                                   const std::vector<double>& x)
    : shape_(shape),
      storage_(storage),
      around_(around),
      x_(storage, x),
      y_(storage, numbers(as_size(shape.out_rows() * shape.channels), 2)),
      y_gradient_(storage, numbers(as_size(shape.out_rows() * shape.channels), 3)),
      addend_(storage, numbers(as_size(shape.in_rows() * shape.channels), 4)),
      scale_(floats(shape.channels, 5, 1, 0.5)),
      offset_(floats(shape.channels, 6, 0, 1)),
      mean_(floats(shape.channels, 7, 0, 0.5)),
      a_(floats(shape.channels, 8, 1, 0.5)),
      b_(floats(shape.channels, 9, 0, 0.3)),
      c_(floats(shape.channels, 10, 0, 0.3)),
      gate_(floats(shape.batch * shape.channels, 12, 0.5, 0.4)),
      mean_gradient_(floats(shape.batch * shape.channels, 13, 0, 0.3)),
      y_scale_(floats(shape.channels, 14, 1, 0.5)),
      y_offset_(floats(shape.channels, 15, 0, 1)),
      weights_(floats(shape.channels * shape.kernel * shape.kernel, 11, 0, 1)),
      x_values_(x_.values()) {}

std::vector<double> DepthwiseExample::mean() const {
  return wide(mean_);
}

void DepthwiseExample::prologue(std::vector<double>& value, std::vector<double>& slope) const {
  const std::vector<double> scale = wide(scale_), offset = wide(offset_);
  value = x_values_;
  slope.assign(value.size(), 1);
  if (!around_.norm_before) return;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::size_t c = i % as_size(shape_.channels);
    const double z = x_values_[i] * scale[c] + offset[c];
    value[i] = kernels::activation_value(around_.activation, z);
    slope[i] = kernels::activation_slope(around_.activation, z);
  }
}

cuda::DepthwiseForward DepthwiseExample::forward_work() const {
  cuda::DepthwiseForward work{
      .shape = shape_, .storage = storage_, .x = x_.data(), .weights = weights_.data()};
  if (around_.norm_before) {
    work.scale = scale_.data();
    work.offset = offset_.data();
    work.activation = around_.activation;
  }
  return work;
}

DepthwiseExample::Forward DepthwiseExample::forward() const {
  const StoredMap y(storage_, as_size(shape_.out_rows() * shape_.channels));
  const DeviceBuffer<float> moments(as_size(cuda::moment_parts(shape_) * 3 * shape_.channels));
  cuda::DepthwiseForward work = forward_work();
  work.y = y.data();
  if (around_.norm_behind) work.moments = moments.data();
  cuda::depthwise_forward(work, nullptr);
  Forward result{.bytes = y.bytes(), .maps = {x_.data(), y.data()}, .y = y.values(), .moments = {}};
  if (around_.norm_behind) result.moments = moments.values();
  append(result.bytes, result.moments);
  return result;
}

std::vector<double> DepthwiseExample::expected_y() const {
  std::vector<double> value, slope, y(as_size(shape_.out_rows() * shape_.channels));
  prologue(value, slope);
  kernels::depthwise_forward(shape_, value.data(), wide(weights_).data(), y.data());
  return y;
}

cuda::DepthwiseBackward DepthwiseExample::backward_work() const {
  cuda::DepthwiseBackward work{.shape = shape_,
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
  if (around_.gate) {
    work.gate = gate_.data();
    work.mean_gradient = mean_gradient_.data();
    work.y_scale = y_scale_.data();
    work.y_offset = y_offset_.data();
    work.y_activation = around_.activation;
  }
  if (around_.norm_before) {
    work.scale = scale_.data();
    work.offset = offset_.data();
    work.mean = mean_.data();
    work.activation = around_.activation;
  }
  if (around_.addend) work.addend = addend_.data();
  return work;
}

DepthwiseExample::Backward DepthwiseExample::backward() const {
  const Index taps = static_cast<Index>(shape_.kernel) * shape_.kernel, parts = cuda::gradient_parts(shape_);
  const StoredMap x_gradient(storage_, as_size(shape_.in_rows() * shape_.channels));
  const DeviceBuffer<float> sums(as_size(parts * 2 * shape_.channels)),
      weight_parts(as_size(parts * taps * shape_.channels)), weight_gradient(as_size(taps * shape_.channels));
  cuda::DepthwiseBackward work = backward_work();
  work.x_gradient = x_gradient.data();
  if (around_.norm_before) work.sums = sums.data();
  work.weight_parts = weight_parts.data();
  work.weight_gradient = weight_gradient.data();
  cuda::depthwise_backward(work, nullptr);
  Backward result{.bytes = x_gradient.bytes(),
                  .maps = {y_gradient_.data(), y_.data(), x_.data(), x_gradient.data()},
                  .x_gradient = x_gradient.values(),
                  .sums = {},
                  .weight_gradient = weight_gradient.values()};
  if (around_.norm_before) result.sums = sums.values();
  append(result.bytes, result.sums);
  append(result.bytes, result.weight_gradient);
  return result;
}

DepthwiseExample::ExpectedBackward DepthwiseExample::expected_backward() const {
  ExpectedBackward expected{.x_gradient = std::vector<double>(x_values_.size()),
                            .weight_gradient = std::vector<double>(wide(weights_).size()),
                            .dy = y_gradient_.values()};
  if (around_.gate) {
    const std::vector<double> gate = wide(gate_), p = wide(mean_gradient_), y = y_.values();
    const std::vector<double> scale = wide(y_scale_), offset = wide(y_offset_);
    const std::size_t channels = scale.size(), picture = y.size() / as_size(shape_.batch);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t channel = i % channels, of_picture = i / picture * channels + channel;
      expected.dy[i] = (gate[of_picture] * expected.dy[i] + p[of_picture]) *
                       kernels::activation_slope(around_.activation, y[i] * scale[channel] + offset[channel]);
    }
  }
  if (around_.norm_behind) {
    const std::vector<double> a = wide(a_), b = wide(b_), c = wide(c_), y = y_.values();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t channel = i % a.size();
      expected.dy[i] = a[channel] * expected.dy[i] + b[channel] * y[i] + c[channel];
    }
  }
  std::vector<double> value, slope;
  prologue(value, slope);
  kernels::depthwise_backward(shape_, value.data(), wide(weights_).data(), expected.dy.data(),
                              expected.x_gradient.data(), expected.weight_gradient.data());
  const std::vector<double> addend = addend_.values();
  for (std::size_t i = 0; i < slope.size(); ++i)
    expected.x_gradient[i] = expected.x_gradient[i] * slope[i] + (around_.addend ? addend[i] : 0);
  return expected;
}

double error_beyond(Storage storage, double of_floats, const std::vector<double>& got,
                    const std::vector<double>& wanted) {
  const double of_storage = storage == Storage::kFloat ? 0 : std::ldexp(1.01, -8);
  double worst = got.size() == wanted.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) {
    const double beyond = std::abs(got[i] - wanted[i]) - of_storage * std::abs(wanted[i]) - of_floats;
    worst = std::max(worst, std::isnan(beyond) ? std::numeric_limits<double>::infinity() : beyond);
  }
  return worst;
}

JoinedMoments joined(const std::vector<float>& moments, Index channels, Index channel) {
  JoinedMoments all;
  double squares = 0;
  const auto row = static_cast<std::size_t>(channels);
  for (auto at = static_cast<std::size_t>(channel); at < moments.size(); at += 3 * row) {
    const auto count = static_cast<double>(moments[at]), mean = static_cast<double>(moments[at + row]);
    if (count == 0) continue;
    const double apart = mean - all.mean;
    squares +=
        static_cast<double>(moments[at + 2 * row]) + apart * apart * all.count * count / (all.count + count);
    all.mean += apart * count / (all.count + count);
    all.count += count;
  }
  all.variance = squares / all.count;
  return all;
}

}  // namespace effnet::tests
