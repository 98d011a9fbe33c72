// The parts of inference on every instruction set, against loops in double: a folded convolution with all that it can
// do to its outputs, and finished rows of a depthwise convolution.
#include <array>
#include <cmath>
#include <vector>

#include "cpu/folded_conv.h"
#include "cpu/isa.h"
#include "kernels/activation.h"
#include "kernels/conv.h"
#include "kernels/depthwise.h"
#include "tests/support/catch.h"

using namespace effnet;
using cpu::Activation;
using cpu::Index;
using cpu::KernelTable;

namespace {

std::vector<float> numbers(Index count, double seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(seed + 0.37 * static_cast<double>(i * i % 977)));
  return values;
}

std::vector<double> wide(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

// (pixels, C) to (blocks, pixels, lanes) with zeros beyond C.
std::vector<float> blocked(const KernelTable& k, const std::vector<float>& map, Index channels) {
  const Index pixels = static_cast<Index>(map.size()) / channels;
  std::vector<float> out(static_cast<std::size_t>(k.padded(channels) * pixels));
  for (Index p = 0; p < pixels; ++p) {
    for (Index c = 0; c < channels; ++c)
      out[static_cast<std::size_t>((c / k.lanes * pixels + p) * k.lanes + c % k.lanes)] =
          map[static_cast<std::size_t>(p * channels + c)];
  }
  return out;
}

void check_conv(const KernelTable& k, const cpu::ConvTerms& terms, cpu::MapSize size) {
  const Index in = terms.in_channels, out = terms.out_channels, taps = terms.kernel * terms.kernel;
  const std::vector<float> x = numbers(size.pixels() * in, 1), w = numbers(out * taps * in, 2);
  const cpu::ChannelAffine after{numbers(out, 3), numbers(out, 4)};
  cpu::FoldedConv conv(k, terms, w.data(), after, k.lanes);
  conv.bind(size);
  const cpu::MapSize made = conv.out_size();

  kernels::ConvShape shape{.batch = 1,
                           .in_channels = in,
                           .out_channels = out,
                           .height = size.height,
                           .width = size.width,
                           .out_height = made.height,
                           .out_width = made.width,
                           .kernel = terms.kernel,
                           .stride = terms.stride};
  shape.pad_top = kernels::padding_of(size.height, terms.kernel, terms.stride, terms.padding).before;
  shape.pad_left = kernels::padding_of(size.width, terms.kernel, terms.stride, terms.padding).before;
  std::vector<double> y(static_cast<std::size_t>(made.pixels() * out));
  kernels::conv_forward(shape, wide(x).data(), wide(w).data(), y.data());

  const std::vector<float> addend = numbers(made.pixels() * out, 5), blocked_addend = blocked(k, addend, out);
  const std::vector<float> blocked_x = blocked(k, x, in);
  std::vector<float> memory(static_cast<std::size_t>(conv.padded_size())), got(blocked_addend.size()),
      sum(static_cast<std::size_t>(k.padded(out)));
  const float* seen = conv.padded(blocked_x.data(), memory.data());
  conv.run({}, {.in = seen, .addend = blocked_addend.data(), .out = got.data()});
  conv.run({}, {.in = seen, .addend = blocked_addend.data(), .sum = sum.data()});

  double worst = 0, worst_sum = 0;
  for (Index c = 0; c < out; ++c) {
    double total = 0;
    for (Index p = 0; p < made.pixels(); ++p) {
      const auto at = static_cast<std::size_t>(p * out + c), of = static_cast<std::size_t>(c);
      const double value =
          kernels::activation_value(terms.activation, y[at] * after.scale[of] + after.offset[of]) +
          addend[at];
      const auto block = static_cast<std::size_t>((c / k.lanes * made.pixels() + p) * k.lanes + c % k.lanes);
      worst = std::max(worst, std::abs(value - got[block]));
      total += value;
    }
    worst_sum = std::max(worst_sum, std::abs(total - sum[static_cast<std::size_t>(c)]));
  }
  CHECK(worst < 2e-6 * std::sqrt(static_cast<double>(conv.depth())) + 2e-6);
  CHECK(worst_sum < 2e-5 * std::sqrt(static_cast<double>(conv.depth() * made.pixels())));
}

void check_depthwise(const KernelTable& k, int kernel, int stride, Index pixels, Activation activation) {
  const Index width = (pixels - 1) * stride + kernel, lanes = k.lanes;
  const std::vector<float> x = numbers(kernel * width * lanes, 1), w = numbers(kernel * kernel * lanes, 2),
                           offset = numbers(lanes, 3);
  std::vector<const float*> rows;
  for (Index i = 0; i < kernel; ++i) rows.push_back(x.data() + i * width * lanes);
  std::vector<float> out(static_cast<std::size_t>((pixels + 1) * lanes), 77),
      sum(static_cast<std::size_t>(lanes));
  k.finished_depthwise_row({.rows = rows.data(),
                            .weights = w.data(),
                            .offset = offset.data(),
                            .kernel = kernel,
                            .stride = stride,
                            .pixels = pixels,
                            .activation = activation,
                            .out = out.data(),
                            .sum = sum.data()});
  double worst = 0, worst_sum = 0;
  for (Index lane = 0; lane < lanes; ++lane) {
    double total = 0;
    for (Index p = 0; p < pixels; ++p) {
      double value = offset[static_cast<std::size_t>(lane)];
      for (Index i = 0; i < kernel; ++i) {
        for (Index j = 0; j < kernel; ++j)
          value += static_cast<double>(rows[static_cast<std::size_t>(i)][(p * stride + j) * lanes + lane]) *
                   w[static_cast<std::size_t>((i * kernel + j) * lanes + lane)];
      }
      value = kernels::activation_value(activation, value);
      worst = std::max(worst, std::abs(value - out[static_cast<std::size_t>(p * lanes + lane)]));
      total += value;
    }
    worst_sum = std::max(worst_sum, std::abs(total - sum[static_cast<std::size_t>(lane)]));
  }
  CHECK(worst < 5e-6);
  CHECK(worst_sum < 5e-5);
  for (Index lane = 0; lane < lanes; ++lane)
    CHECK(out[static_cast<std::size_t>(pixels * lanes + lane)] == 77);
}

constexpr Activation kActivations[] = {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                       Activation::kSilu, Activation::kHardSwish};

}  // namespace

TEST_CASE("folded convolution: kernels, strides, padding, tails, addend, sums over the map") {
  for (const KernelTable* k : cpu::usable_kernels()) {
    for (const int kernel : {1, 3}) {
      for (const int stride : {1, 2}) {
        for (const cpu::Padding padding : {cpu::Padding::kSame, cpu::Padding::kSymmetric}) {
          for (const auto& [in, out] : {std::pair<Index, Index>{3, 1}, {16, 50}, {21, 113}}) {
            for (const cpu::MapSize size : {cpu::MapSize{1, 1}, {2, 5}, {11, 13}}) {
              INFO(k->name << " k" << kernel << " s" << stride << " " << in << "-" << out << " "
                           << size.height << "x" << size.width);
              check_conv(*k, {in, out, kernel, stride, padding, Activation::kSilu}, size);
            }
          }
        }
      }
    }
    for (const Activation activation : kActivations)
      check_conv(*k, {.in_channels = 9, .out_channels = 30, .activation = activation}, {5, 7});
  }
}

TEST_CASE("finished rows of a depthwise convolution: kernels, strides, lengths, activations") {
  for (const KernelTable* k : cpu::usable_kernels()) {
    for (const int kernel : {3, 5, 7}) {
      for (const int stride : {1, 2}) {
        for (const Index pixels : {1, 2, 7, 8, 9, 23}) {
          INFO(k->name << " k" << kernel << " s" << stride << " pixels " << pixels);
          check_depthwise(*k, kernel, stride, pixels, kActivations[pixels % 5]);
        }
      }
    }
  }
}

TEST_CASE("finished values stay finite for large sums, NaN is not hidden") {
  for (const KernelTable* k : cpu::usable_kernels()) {
    INFO(k->name);
    const auto silu = [&](float x) {
      const float weight = 1;
      cpu::FoldedConv conv(*k, {.in_channels = 1, .out_channels = 1, .activation = Activation::kSilu},
                           &weight, {{1.0f}, {0.0f}}, 1);
      conv.bind({1, 1});
      std::vector<float> out(static_cast<std::size_t>(k->lanes));
      conv.run({}, {.in = &x, .out = out.data()});
      return out[0];
    };
    CHECK(silu(200) == 200);
    CHECK(silu(1e30f) == 1e30f);
    CHECK(std::abs(silu(-200)) < 1e-30f);
    CHECK(std::isfinite(silu(-1e30f)));
    CHECK(std::isnan(silu(std::nanf(""))));
  }
}
