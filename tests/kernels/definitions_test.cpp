// The loops in double that every kernel is measured against, held against what can be worked out by hand and against
// finite differences.
#include <cmath>
#include <functional>
#include <vector>

#include "kernels/batch_norm.h"
#include "kernels/conv.h"
#include "kernels/mbconv.h"
#include "kernels/padding.h"
#include "kernels/pointwise.h"
#include "kernels/squeeze_excite.h"
#include "tests/support/catch.h"

using namespace effnet::kernels;
using Catch::Approx;

namespace {

std::vector<double> numbers(Index count, double seed) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(seed + 1.7 * static_cast<double>(i));
  return values;
}

// d loss / d value by central differences, for every value.
void check_gradient(std::vector<double>& values, const std::vector<double>& gradient,
                    const std::function<double()>& loss) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i], step = 1e-5;
    values[i] = value + step;
    const double above = loss();
    values[i] = value - step;
    const double below = loss();
    values[i] = value;
    CHECK(gradient[i] == Approx((above - below) / (2 * step)).margin(1e-8));
  }
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

TEST_CASE("activations: published values, slopes by differences") {
  CHECK(activation_value(Activation::kRelu6, 7) == 6);
  CHECK(activation_value(Activation::kHardSwish, 1) == Approx(4.0 / 6));
  CHECK(activation_value(Activation::kSilu, 1) == Approx(0.7310585786300049));
  for (const auto activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                Activation::kSilu, Activation::kHardSwish}) {
    for (const double z : {-4.0, -1.3, 0.4, 2.0, 5.0, 8.0}) {
      const double step = 1e-6;
      const double difference =
          (activation_value(activation, z + step) - activation_value(activation, z - step)) / (2 * step);
      CHECK(activation_slope(activation, z) == Approx(difference).margin(1e-8));
    }
  }
}

TEST_CASE("SAME padding: right and bottom first at stride 2 on an even map") {
  const auto pads = [](Index size, int kernel, int stride, Padding padding) {
    const SidePadding pad = padding_of(size, kernel, stride, padding);
    return std::pair(pad.before, pad.after);
  };
  using P = std::pair<Index, Index>;
  CHECK(pads(224, 3, 2, Padding::kSame) == P{0, 1});
  CHECK(pads(225, 3, 2, Padding::kSame) == P{1, 1});
  CHECK(pads(112, 5, 2, Padding::kSame) == P{1, 2});
  CHECK(pads(7, 5, 1, Padding::kSame) == P{2, 2});
  CHECK(pads(7, 1, 2, Padding::kSame) == P{0, 0});
  CHECK(pads(112, 3, 2, Padding::kSymmetric) == P{1, 1});
  CHECK(size_after(225, 3, 2, Padding::kSame) == 113);
  CHECK(size_after(7, 3, 2, Padding::kSymmetric) == 4);
}

TEST_CASE("depthwise: a sum of neighbours by hand, gradients by differences") {
  DepthwiseShape shape{.batch = 1,
                       .channels = 1,
                       .height = 3,
                       .width = 3,
                       .out_height = 3,
                       .out_width = 3,
                       .pad_top = 1,
                       .pad_left = 1};
  const std::vector<double> ones(9, 1.0);
  std::vector<double> y(9);
  depthwise_forward(shape, ones.data(), ones.data(), y.data());
  CHECK(y == std::vector<double>{4, 6, 4, 6, 9, 6, 4, 6, 4});

  shape = {.batch = 2,
           .channels = 3,
           .height = 4,
           .width = 5,
           .out_height = 2,
           .out_width = 3,
           .kernel = 3,
           .stride = 2,
           .pad_top = 0,
           .pad_left = 1};
  std::vector<double> x = numbers(2 * 4 * 5 * 3, 0.1), w = numbers(27, 0.2);
  const std::vector<double> g = numbers(2 * 2 * 3 * 3, 0.3);
  std::vector<double> x_gradient(x.size()), w_gradient(w.size());
  depthwise_backward(shape, x.data(), w.data(), g.data(), x_gradient.data(), w_gradient.data());
  std::vector<double> out(g.size());
  const auto loss = [&] {
    depthwise_forward(shape, x.data(), w.data(), out.data());
    return dot(out, g);
  };
  check_gradient(x, x_gradient, loss);
  check_gradient(w, w_gradient, loss);
}

TEST_CASE("dense convolution: gradients by differences") {
  const ConvShape shape{.batch = 2,
                        .in_channels = 2,
                        .out_channels = 3,
                        .height = 4,
                        .width = 3,
                        .out_height = 2,
                        .out_width = 2,
                        .kernel = 3,
                        .stride = 2,
                        .pad_top = 0,
                        .pad_left = 1};
  std::vector<double> x = numbers(2 * 4 * 3 * 2, 0.4), w = numbers(3 * 9 * 2, 0.5);
  const std::vector<double> g = numbers(2 * 2 * 2 * 3, 0.6);
  std::vector<double> x_gradient(x.size()), w_gradient(w.size()), out(g.size());
  conv_backward(shape, x.data(), w.data(), g.data(), x_gradient.data(), w_gradient.data());
  const auto loss = [&] {
    conv_forward(shape, x.data(), w.data(), out.data());
    return dot(out, g);
  };
  check_gradient(x, x_gradient, loss);
  check_gradient(w, w_gradient, loss);
}

TEST_CASE("pointwise convolution: the dense one of kernel 1, gated; gradients by differences") {
  const PointwiseShape shape{.batch = 2, .pixels = 6, .in_channels = 3, .out_channels = 4};
  std::vector<double> x = numbers(36, 0.1), gate = numbers(6, 0.2), w = numbers(12, 0.3), y(48), dense(48);
  const std::vector<double> g = numbers(48, 0.4);
  CHECK(shape.flops() == 2.0 * 12 * 3 * 4);
  pointwise_forward(shape, x.data(), nullptr, w.data(), y.data());
  conv_forward({.batch = 2,
                .in_channels = 3,
                .out_channels = 4,
                .height = 2,
                .width = 3,
                .out_height = 2,
                .out_width = 3},
               x.data(), w.data(), dense.data());
  CHECK(y == dense);

  std::vector<double> gated(36), gated_gradient(36), w_gradient(12);
  for (std::size_t i = 0; i < gated.size(); ++i) gated[i] = x[i] * gate[i / 18 * 3 + i % 3];
  pointwise_backward(shape, x.data(), gate.data(), w.data(), g.data(), gated_gradient.data(),
                     w_gradient.data());
  check_gradient(w, w_gradient, [&] {
    pointwise_forward(shape, x.data(), gate.data(), w.data(), y.data());
    return dot(y, g);
  });
  check_gradient(gated, gated_gradient, [&] {
    pointwise_forward(shape, gated.data(), nullptr, w.data(), y.data());
    return dot(y, g);
  });
}

TEST_CASE("batch norm: moments by hand, gradients by differences") {
  const double two[] = {1, 10, 4, 30};
  double mean[2], variance[2];
  channel_moments({.rows = 2, .channels = 2}, two, mean, variance);
  CHECK(mean[0] == 2.5);
  CHECK(mean[1] == 20);
  CHECK(variance[0] == 2.25);
  CHECK(variance[1] == 100);

  const BatchNormShape shape{.rows = 5, .channels = 3, .eps = 0.01};
  std::vector<double> y = numbers(15, 0.7), weight = numbers(3, 0.8), bias = numbers(3, 0.9);
  const std::vector<double> g = numbers(15, 1.1);
  std::vector<double> y_gradient(15), weight_gradient(3), bias_gradient(3), z(15);
  batch_norm_backward(shape, y.data(), weight.data(), g.data(), y_gradient.data(), weight_gradient.data(),
                      bias_gradient.data());
  const auto loss = [&] {
    batch_norm_forward(shape, y.data(), weight.data(), bias.data(), z.data());
    return dot(z, g);
  };
  check_gradient(y, y_gradient, loss);
  check_gradient(weight, weight_gradient, loss);
  check_gradient(bias, bias_gradient, loss);
}

TEST_CASE("squeeze-and-excite: gradients by differences") {
  const SqueezeExciteShape shape{
      .batch = 2, .pixels = 3, .channels = 4, .squeezed_channels = 3, .activation = Activation::kSilu};
  std::vector<double> a = numbers(24, 0.7), reduce = numbers(12, 0.8), reduce_bias = numbers(3, 0.9),
                      expand = numbers(12, 1.1), expand_bias = numbers(4, 1.3);
  const std::vector<double> g = numbers(8, 1.7);
  std::vector<double> pooled(8), squeezed(6), gate(8), of_a(24), of_reduce(12), of_reduce_bias(3),
      of_expand(12), of_expand_bias(4);
  const SqueezeExciteWeights weights{reduce.data(), reduce_bias.data(), expand.data(), expand_bias.data()};
  const auto loss = [&] {
    squeeze_excite_forward(shape, weights, a.data(), pooled.data(), squeezed.data(), gate.data());
    return dot(gate, g);
  };
  loss();
  squeeze_excite_backward(shape, weights, pooled.data(), squeezed.data(), gate.data(), g.data(), of_a.data(),
                          {of_reduce.data(), of_reduce_bias.data(), of_expand.data(), of_expand_bias.data()});
  check_gradient(a, of_a, loss);
  check_gradient(reduce, of_reduce, loss);
  check_gradient(reduce_bias, of_reduce_bias, loss);
  check_gradient(expand, of_expand, loss);
  check_gradient(expand_bias, of_expand_bias, loss);
}

TEST_CASE("work of a block: the multiply-adds of B0's second stage, first block, twice") {
  // 112 x 112 x 16 -> 96 -> 56 x 56 x 24, squeeze 4 (arXiv 1905.11946): 19,267,584 + 2,709,504 + 768 + 7,225,344.
  const MBConvShape shape{.depthwise = {.batch = 1,
                                        .channels = 96,
                                        .height = 112,
                                        .width = 112,
                                        .out_height = 56,
                                        .out_width = 56,
                                        .kernel = 3,
                                        .stride = 2},
                          .in_channels = 16,
                          .out_channels = 24,
                          .squeezed_channels = 4};
  CHECK(shape.forward_flops() ==
        2 * (112.0 * 112 * 16 * 96 + 56 * 56 * 96 * 9 + 2 * 96 * 4 + 56 * 56 * 96 * 24));
  CHECK(shape.backward_flops() == 2 * shape.forward_flops());
}

// y is what the depthwise convolution of a block puts out; behind it come batch norm, activation a, the gate
// sigmoid(gate_weight * mean of a over the picture) a channel (squeeze-and-excite with nothing between) and a loss
// <g, a * gate>. The way back to y must follow from g alone and five numbers a picture and channel.
TEST_CASE("squeeze-and-excite: batch norm's sums from moments a picture, with no second pass over the map") {
  const Index pictures = 3, pixels = 5, channels = 2;
  const BatchNormShape norm{.rows = pictures * pixels, .channels = channels, .eps = 0.01};
  std::vector<double> y = numbers(30, 0.7), z(30);
  const std::vector<double> weight = numbers(2, 0.8), bias = numbers(2, 0.9), gate_weight = numbers(2, 1.0),
                            g = numbers(30, 1.1);
  const auto at = [&](Index picture, Index pixel, Index c) {
    return static_cast<std::size_t>((picture * pixels + pixel) * channels + c);
  };
  const auto a = [&](std::size_t i) { return activation_value(Activation::kSilu, z[i]); };
  const auto gate_of = [&](Index picture, Index c) {
    double pool = 0;
    for (Index p = 0; p < pixels; ++p) pool += a(at(picture, p, c)) / static_cast<double>(pixels);
    return 1 / (1 + std::exp(-gate_weight[static_cast<std::size_t>(c)] * pool));
  };
  const auto loss = [&] {
    batch_norm_forward(norm, y.data(), weight.data(), bias.data(), z.data());
    double sum = 0;
    for (Index n = 0; n < pictures; ++n)
      for (Index c = 0; c < channels; ++c)
        for (Index p = 0; p < pixels; ++p) sum += g[at(n, p, c)] * a(at(n, p, c)) * gate_of(n, c);
    return sum;
  };
  loss();
  std::vector<double> mean(2), variance(2), y_gradient(30);
  channel_moments(norm, y.data(), mean.data(), variance.data());
  for (Index c = 0; c < channels; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    const double inverse = 1 / std::sqrt(variance[channel] + norm.eps);
    double sum = 0, product = 0;  // of dz and dz * (y - mean)
    std::vector<double> gate, pooled;
    for (Index n = 0; n < pictures; ++n) {
      // g * a, g * a', g * a' * (y - mean); and without g: a', a' * (y - mean).
      double ga = 0, gs = 0, gsy = 0, slopes = 0, slopes_y = 0;
      for (Index p = 0; p < pixels; ++p) {
        const std::size_t i = at(n, p, c);
        const double slope = activation_slope(Activation::kSilu, z[i]), apart = y[i] - mean[channel];
        ga += g[i] * a(i);
        gs += g[i] * slope;
        gsy += g[i] * slope * apart;
        slopes += slope;
        slopes_y += slope * apart;
      }
      gate.push_back(gate_of(n, c));
      // Gradient of each a through the pool: of the gate ga, of its sigmoid's input times gate_weight, over the pixels.
      pooled.push_back(ga * gate.back() * (1 - gate.back()) * gate_weight[channel] /
                       static_cast<double>(pixels));
      sum += gate.back() * gs + pooled.back() * slopes;
      product += gate.back() * gsy + pooled.back() * slopes_y;
    }
    const auto rows = static_cast<double>(norm.rows);
    for (Index n = 0; n < pictures; ++n) {
      for (Index p = 0; p < pixels; ++p) {
        const std::size_t i = at(n, p, c);
        const double dz = (g[i] * gate[static_cast<std::size_t>(n)] + pooled[static_cast<std::size_t>(n)]) *
                          activation_slope(Activation::kSilu, z[i]);
        y_gradient[i] = weight[channel] * inverse *
                        (dz - sum / rows - (y[i] - mean[channel]) * inverse * inverse * product / rows);
      }
    }
  }
  check_gradient(y, y_gradient, loss);
}
