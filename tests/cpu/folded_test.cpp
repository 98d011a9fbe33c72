// The parts of inference on every instruction set, against loops in double: a folded convolution with all that it can
// do to its outputs, and finished rows of a depthwise convolution. In bfloat16 the loops have inputs and weights of 8
// binary digits, and an output may be off by half of its last digit.
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
using cpu::BFloat16;
using cpu::Index;
using cpu::KernelTable;
using cpu::kSlot;

namespace {

std::vector<float> numbers(Index count, double seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(std::sin(seed + 0.37 * static_cast<double>(i * i % 977)));
  return values;
}

// The nearest number with 8 binary digits, of two equally near the even one.
double with_8_digits(double x) {
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
}

// What maps and weights of Element do to a number, the largest relative error of that, and that of an activation.
template <class Element>
double stored(double x) {
  return kSlot<Element> == 1 ? static_cast<double>(static_cast<float>(x)) : with_8_digits(x);
}
template <class Element>
constexpr double kRounding = kSlot<Element> == 1 ? 0 : 1.0 / 256;
template <class Element>
constexpr double kCoarseness = kSlot<Element> == 1 ? 0 : 2e-4;

template <class Element>
std::vector<double> all_stored(const std::vector<float>& values) {
  std::vector<double> out;
  for (const float value : values) out.push_back(stored<Element>(value));
  return out;
}

// (pixels, C) to (blocks, pixels, lanes) with zeros beyond C.
template <class Element>
std::vector<Element> blocked(const KernelTable& k, const std::vector<float>& map, Index channels) {
  const Index pixels = static_cast<Index>(map.size()) / channels;
  std::vector<Element> out(static_cast<std::size_t>(k.padded(channels) * pixels));
  for (Index p = 0; p < pixels; ++p) {
    for (Index c = 0; c < channels; ++c)
      out[static_cast<std::size_t>((c / k.lanes * pixels + p) * k.lanes + c % k.lanes)] =
          cpu::rounded_to<Element>(map[static_cast<std::size_t>(p * channels + c)]);
  }
  return out;
}

// Out: what it writes.
template <class Element, class Out>
void check_conv(const KernelTable& k, const cpu::ConvTerms& terms, cpu::MapSize size) {
  const Index in = terms.in_channels, out = terms.out_channels, taps = terms.kernel * terms.kernel;
  const std::vector<float> x = numbers(size.pixels() * in, 1), w = numbers(out * taps * in, 2);
  const cpu::ChannelAffine after{numbers(out, 3), numbers(out, 4)};
  cpu::FoldedConv<Element> conv(k, terms, w.data(), after, k.lanes);
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
  std::vector<double> folded;
  for (std::size_t i = 0; i < w.size(); ++i)
    folded.push_back(stored<Element>(w[i] * after.scale[i / static_cast<std::size_t>(taps * in)]));
  std::vector<double> y(static_cast<std::size_t>(made.pixels() * out));
  kernels::conv_forward(shape, all_stored<Element>(x).data(), folded.data(), y.data());

  const std::vector<float> addend = numbers(made.pixels() * out, 5);
  const std::vector<Out> blocked_addend = blocked<Out>(k, addend, out);
  const std::vector<Element> blocked_x = blocked<Element>(k, x, in);
  std::vector<Element> memory(static_cast<std::size_t>(conv.padded_size()));
  std::vector<Out> got(blocked_addend.size());
  std::vector<float> sum(static_cast<std::size_t>(k.padded(out)));
  const Element* seen = conv.padded(blocked_x.data(), memory.data());
  conv.template run<Out>({}, {.in = seen, .addend = blocked_addend.data(), .out = got.data()});
  conv.template run<Out>({}, {.in = seen, .addend = blocked_addend.data(), .sum = sum.data()});

  const double depth = static_cast<double>(conv.depth());
  double worst = 0, worst_sum = 0, most = 0;  // errors beyond what rounding may do
  for (Index c = 0; c < out; ++c) {
    double total = 0;
    for (Index p = 0; p < made.pixels(); ++p) {
      const auto at = static_cast<std::size_t>(p * out + c), of = static_cast<std::size_t>(c);
      const double activated = kernels::activation_value(terms.activation, y[at] + after.offset[of]);
      const double value = activated + stored<Out>(addend[at]);
      const auto block = static_cast<std::size_t>((c / k.lanes * made.pixels() + p) * k.lanes + c % k.lanes);
      const double allowed =
          kRounding<Out> * std::abs(value) * 1.01 + kCoarseness<Element> * std::abs(activated);
      worst = std::max(worst, std::abs(value - static_cast<double>(cpu::to_float(got[block]))) - allowed);
      total += value;
      most = std::max(most, std::abs(activated));
    }
    worst_sum = std::max(worst_sum, std::abs(total - sum[static_cast<std::size_t>(c)]));
  }
  CHECK(worst < 2e-6 * std::sqrt(depth) + 2e-6);
  const double pixels = static_cast<double>(made.pixels());
  CHECK(worst_sum < 2e-5 * std::sqrt(depth * pixels) + kCoarseness<Element> * most * pixels);
}

template <class Out>
void check_depthwise(const KernelTable& k, int kernel, int stride, Index pixels, Activation activation) {
  const Index width = (pixels - 1) * stride + kernel, lanes = k.lanes;
  const std::vector<float> x = numbers(kernel * width * lanes, 1), w = numbers(kernel * kernel * lanes, 2),
                           offset = numbers(lanes, 3);
  std::vector<const float*> rows;
  for (Index i = 0; i < kernel; ++i) rows.push_back(x.data() + i * width * lanes);
  std::vector<Out> out(static_cast<std::size_t>((pixels + 1) * lanes), cpu::rounded_to<Out>(77));
  std::vector<float> sum(static_cast<std::size_t>(lanes));
  k.maps_of<Out>().depthwise_row({.rows = rows.data(),
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
      const double got = cpu::to_float(out[static_cast<std::size_t>(p * lanes + lane)]);
      worst =
          std::max(worst, std::abs(value - got) - (kRounding<Out> + kCoarseness<Out>)*std::abs(value) * 1.01);
      total += value;
    }
    worst_sum = std::max(worst_sum, std::abs(total - sum[static_cast<std::size_t>(lane)]));
  }
  CHECK(worst < 5e-6);
  CHECK(worst_sum < 5e-5 + kCoarseness<Out> * 10 * static_cast<double>(pixels));
  for (Index lane = 0; lane < lanes; ++lane)
    CHECK(cpu::to_float(out[static_cast<std::size_t>(pixels * lanes + lane)]) == 77);
}

// Every table that runs here, those with the twin of the processor's products of bfloat16 as well.
template <class Check>
void on_every_table(Check&& check) {
  for (const auto products : {cpu::BFloat16Products::kWhereThere, cpu::BFloat16Products::kTwin}) {
    for (const KernelTable* k : cpu::usable_kernels(products)) {
      INFO(k->name << ", bfloat16 by " << k->bfloat16_maps->name);
      check(*k);
    }
    if (!cpu::has_bfloat16_products()) return;
  }
}

constexpr Activation kActivations[] = {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                       Activation::kSilu, Activation::kHardSwish};

}  // namespace

TEST_CASE("folded convolution: kernels, strides, padding, tails, addend, sums over the map") {
  on_every_table([](const KernelTable& k) {
    const auto check = [&k](const cpu::ConvTerms& terms, cpu::MapSize size) {
      INFO("k" << terms.kernel << " s" << terms.stride << " " << terms.in_channels << "-"
               << terms.out_channels << " " << size.height << "x" << size.width);
      check_conv<float, float>(k, terms, size);
      check_conv<BFloat16, BFloat16>(k, terms, size);
      check_conv<BFloat16, float>(k, terms, size);
    };
    for (const int kernel : {1, 3}) {
      for (const int stride : {1, 2}) {
        for (const cpu::Padding padding : {cpu::Padding::kSame, cpu::Padding::kSymmetric}) {
          for (const auto& [in, out] : {std::pair<Index, Index>{3, 1}, {16, 50}, {21, 113}}) {
            for (const cpu::MapSize size : {cpu::MapSize{1, 1}, {2, 5}, {11, 13}})
              check({in, out, kernel, stride, padding, Activation::kSilu}, size);
          }
        }
      }
    }
    for (const Activation activation : kActivations)
      check({.in_channels = 9, .out_channels = 30, .activation = activation}, {5, 7});
  });
}

TEST_CASE("finished rows of a depthwise convolution: kernels, strides, lengths, activations") {
  on_every_table([](const KernelTable& k) {
    for (const int kernel : {3, 5, 7}) {
      for (const int stride : {1, 2}) {
        for (const Index pixels : {1, 2, 7, 8, 9, 23, 70}) {
          INFO("k" << kernel << " s" << stride << " pixels " << pixels);
          check_depthwise<float>(k, kernel, stride, pixels, kActivations[pixels % 5]);
          check_depthwise<BFloat16>(k, kernel, stride, pixels, kActivations[pixels % 5]);
        }
      }
    }
  });
}

TEST_CASE("finished values stay finite for large sums, NaN is not hidden") {
  on_every_table([](const KernelTable& k) {
    const auto check = [&k]<class Element>(Element) {
      const auto silu = [&k](float x) {
        const float weight = 1;
        cpu::FoldedConv<Element> conv(k,
                                      {.in_channels = 1, .out_channels = 1, .activation = Activation::kSilu},
                                      &weight, {{1.0f}, {0.0f}}, kSlot<Element>);
        conv.bind({1, 1});
        std::vector<float> out(static_cast<std::size_t>(k.lanes));
        const std::vector<Element> in{cpu::rounded_to<Element>(x), Element{}};
        conv.template run<float>({}, {.in = in.data(), .out = out.data()});
        return out[0];
      };
      const float large = cpu::to_float(cpu::rounded_to<Element>(1e30f));
      CHECK(silu(200) == 200);
      CHECK(silu(1e30f) == large);
      CHECK(std::abs(silu(-200)) < 1e-30f);
      CHECK(std::isfinite(silu(-1e30f)));
      CHECK(std::isnan(silu(std::nanf(""))));
    };
    check(float{});
    check(BFloat16{});
  });
}
