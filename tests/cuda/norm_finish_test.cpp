// The CUDA kernels between sums and batch norms, alone and as a chain through a depthwise convolution: forward and back
// from x to dx against the definitions in double.
#include "cuda/norm_finish.h"

#include "kernels/batch_norm.h"
#include "tests/cuda/example_values.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;
using kernels::BatchNormShape;

namespace {

// One batch norm of `channels` in device memory.
struct Norm {
  explicit Norm(Index channels, double seed)
      : weight(narrow(numbers(as_size(channels), seed))),
        bias(narrow(numbers(as_size(channels), seed + 0.5))),
        running_mean(std::vector<float>(as_size(channels), 1.0f)),
        running_var(std::vector<float>(as_size(channels), 2.0f)),
        mean(as_size(channels)),
        inverse(as_size(channels)),
        scale(as_size(channels)),
        offset(as_size(channels)),
        weight_gradient(as_size(channels)),
        bias_gradient(as_size(channels)),
        a(as_size(channels)),
        b(as_size(channels)),
        c(as_size(channels)),
        channels_(channels) {}

  void forward(const DeviceBuffer<float>& moments, Index parts) const {
    cuda::norm_forward_finish({.channels = channels_,
                               .parts = parts,
                               .moments = moments.data(),
                               .weight = weight.data(),
                               .bias = bias.data(),
                               .running_mean = running_mean.data(),
                               .running_var = running_var.data(),
                               .eps = kEps,
                               .momentum = 0.1,
                               .mean = mean.data(),
                               .inverse = inverse.data(),
                               .scale = scale.data(),
                               .offset = offset.data()},
                              nullptr);
  }
  void backward(const DeviceBuffer<float>& sums, Index parts, Index rows) const {
    cuda::norm_backward_finish({.channels = channels_,
                                .parts = parts,
                                .rows = rows,
                                .sums = sums.data(),
                                .mean = mean.data(),
                                .inverse = inverse.data(),
                                .scale = scale.data(),
                                .weight_gradient = weight_gradient.data(),
                                .bias_gradient = bias_gradient.data(),
                                .a = a.data(),
                                .b = b.data(),
                                .c = c.data()},
                               nullptr);
  }

  static constexpr double kEps = 1e-3;
  DeviceBuffer<float> weight, bias, running_mean, running_var, mean, inverse, scale, offset, weight_gradient,
      bias_gradient, a, b, c;

 private:
  Index channels_;
};

// Moments of the rows of y in `parts` parts, the last ones empty where there are not enough rows.
std::vector<float> moments_of(const std::vector<double>& y, Index channels, Index parts) {
  const Index rows = static_cast<Index>(y.size()) / channels, rows_a_part = (rows + parts - 1) / parts;
  std::vector<float> moments;
  for (Index part = 0; part < parts; ++part) {
    const Index first = std::min(part * rows_a_part, rows), last = std::min(first + rows_a_part, rows);
    std::vector<double> mean(as_size(channels)), variance(as_size(channels));
    if (last > first)
      kernels::channel_moments({.rows = last - first, .channels = channels}, y.data() + first * channels,
                               mean.data(), variance.data());
    const auto count = static_cast<double>(last - first);
    for (Index c = 0; c < channels; ++c) moments.push_back(static_cast<float>(count));
    for (const double value : mean) moments.push_back(static_cast<float>(value));
    for (const double value : variance) moments.push_back(static_cast<float>(count * value));
  }
  return moments;
}

void check_near(const char* what, const std::vector<double>& got, const std::vector<double>& wanted,
                double tolerance) {
  INFO(what);
  CHECK(error_beyond(Storage::kFloat, tolerance, got, wanted) == 0);
}

}  // namespace

TEST_CASE("norm finish: parts of any number, empty ones, running statistics") {
  const Index rows = 100;
  for (const Index channels : {1, 40, 64}) {
    for (const Index parts : {1, 7, 33, 130}) {
      INFO(channels << " channels, " << parts << " parts");
      const std::vector<double> y = wide(narrow(numbers(as_size(rows * channels), 1)));
      const Norm norm(channels, 2);
      norm.forward(DeviceBuffer<float>(moments_of(y, channels, parts)), parts);
      std::vector<double> mean(as_size(channels)), variance(as_size(channels)), z(y.size());
      kernels::channel_moments({.rows = rows, .channels = channels}, y.data(), mean.data(), variance.data());
      check_near("mean", wide(norm.mean.values()), mean, 1e-6);
      const std::vector<float> scale = norm.scale.values(), offset = norm.offset.values();
      kernels::batch_norm_forward({.rows = rows, .channels = channels, .eps = Norm::kEps}, y.data(),
                                  wide(norm.weight.values()).data(), wide(norm.bias.values()).data(),
                                  z.data());
      std::vector<double> got(y.size());
      for (std::size_t i = 0; i < y.size(); ++i) {
        const std::size_t c = i % as_size(channels);
        got[i] = y[i] * static_cast<double>(scale[c]) + static_cast<double>(offset[c]);
      }
      check_near("z", got, z, 2e-6);
      for (Index c = 0; c < channels; ++c) {
        mean[as_size(c)] = 0.9 * 1 + 0.1 * mean[as_size(c)];
        variance[as_size(c)] = 0.9 * 2 + 0.1 * variance[as_size(c)] * rows / (rows - 1);
      }
      check_near("running mean", wide(norm.running_mean.values()), mean, 1e-6);
      check_near("running variance", wide(norm.running_var.values()), variance, 1e-6);
    }
  }
}

TEST_CASE("norm finish: from x through batch norms and the depthwise convolution, and back to dx") {
  for (const int stride : {1, 2}) {
    const DepthwiseShape shape = same_shape(3, 40, 10, 9, 3, stride);
    const Index channels = shape.channels;
    const BatchNormShape in{.rows = shape.in_rows(), .channels = channels, .eps = Norm::kEps};
    const BatchNormShape out{.rows = shape.out_rows(), .channels = channels, .eps = Norm::kEps};
    const StoredMap x(Storage::kFloat, numbers(as_size(in.rows * channels), 1));
    const StoredMap d(Storage::kFloat, numbers(as_size(out.rows * channels), 2));
    const DeviceBuffer<float> weights(narrow(numbers(as_size(channels * 9), 3)));
    const Norm before(channels, 4), behind(channels, 5);

    // The kernels.
    const StoredMap y(Storage::kFloat, as_size(out.rows * channels)),
        d1(Storage::kFloat, as_size(in.rows * channels));
    const Index moment_parts = cuda::moment_parts(shape), parts = cuda::gradient_parts(shape);
    const DeviceBuffer<float> moments(as_size(moment_parts * 3 * channels)),
        sums(as_size(parts * 2 * channels)), weight_parts(as_size(parts * 9 * channels)),
        weight_gradient(as_size(9 * channels));
    before.forward(DeviceBuffer<float>(moments_of(x.values(), channels, 4)), 4);
    cuda::depthwise_forward({.shape = shape,
                             .x = x.data(),
                             .scale = before.scale.data(),
                             .offset = before.offset.data(),
                             .activation = Activation::kSilu,
                             .weights = weights.data(),
                             .y = y.data(),
                             .moments = moments.data()},
                            nullptr);
    behind.forward(moments, moment_parts);
    std::vector<double> of_d(as_size(2 * channels));
    const std::vector<float> y_mean = behind.mean.values();
    const std::vector<double> y_values = y.values(), d_values = d.values();
    for (std::size_t i = 0; i < y_values.size(); ++i) {
      const std::size_t c = i % as_size(channels);
      of_d[c] += d_values[i];
      of_d[as_size(channels) + c] += d_values[i] * (y_values[i] - static_cast<double>(y_mean[c]));
    }
    behind.backward(DeviceBuffer<float>(narrow(of_d)), 1, out.rows);
    cuda::depthwise_backward({.shape = shape,
                              .y_gradient = d.data(),
                              .y = y.data(),
                              .a = behind.a.data(),
                              .b = behind.b.data(),
                              .c = behind.c.data(),
                              .x = x.data(),
                              .scale = before.scale.data(),
                              .offset = before.offset.data(),
                              .activation = Activation::kSilu,
                              .mean = before.mean.data(),
                              .weights = weights.data(),
                              .x_gradient = d1.data(),
                              .sums = sums.data(),
                              .weight_parts = weight_parts.data(),
                              .weight_gradient = weight_gradient.data()},
                             nullptr);
    before.backward(sums, parts, in.rows);
    std::vector<double> dx = d1.values();
    const std::vector<double> x_values = x.values(), a = wide(before.a.values()), b = wide(before.b.values()),
                              c = wide(before.c.values());
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const std::size_t channel = i % as_size(channels);
      dx[i] = a[channel] * dx[i] + b[channel] * x_values[i] + c[channel];
    }

    // The definitions.
    const std::vector<double> weight1 = wide(before.weight.values()), weight2 = wide(behind.weight.values()),
                              w = wide(weights.values());
    std::vector<double> z1(x_values.size()), a1(z1.size()), y2(y_values.size()), dy2(y2.size()),
        da1(z1.size()), dz1(z1.size()), wanted_dx(z1.size()), wanted_dw(w.size()),
        gradient1(as_size(channels)), bias1(gradient1), gradient2(gradient1), bias2(gradient1);
    kernels::batch_norm_forward(in, x_values.data(), weight1.data(), wide(before.bias.values()).data(),
                                z1.data());
    for (std::size_t i = 0; i < z1.size(); ++i) a1[i] = kernels::activation_value(Activation::kSilu, z1[i]);
    kernels::depthwise_forward(shape, a1.data(), w.data(), y2.data());
    kernels::batch_norm_backward(out, y2.data(), weight2.data(), d_values.data(), dy2.data(),
                                 gradient2.data(), bias2.data());
    kernels::depthwise_backward(shape, a1.data(), w.data(), dy2.data(), da1.data(), wanted_dw.data());
    for (std::size_t i = 0; i < z1.size(); ++i)
      dz1[i] = da1[i] * kernels::activation_slope(Activation::kSilu, z1[i]);
    kernels::batch_norm_backward(in, x_values.data(), weight1.data(), dz1.data(), wanted_dx.data(),
                                 gradient1.data(), bias1.data());

    check_near("y", y_values, y2, 5e-6);
    check_near("gradient of the taps", wide(weight_gradient.values()), wanted_dw, 2e-5);
    check_near("gradient of the weight behind", wide(behind.weight_gradient.values()), gradient2, 2e-5);
    check_near("gradient of the bias behind", wide(behind.bias_gradient.values()), bias2, 2e-5);
    check_near("gradient of the weight before", wide(before.weight_gradient.values()), gradient1, 5e-5);
    check_near("gradient of the bias before", wide(before.bias_gradient.values()), bias1, 5e-5);
    check_near("dx", dx, wanted_dx, 1e-5);
  }
}
