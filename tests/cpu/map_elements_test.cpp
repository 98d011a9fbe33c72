// Maps of bfloat16: rounding, and what is done to weights, gates and pictures, on every instruction set.
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/finished_rows.h"
#include "cpu/isa.h"
#include "tests/support/catch.h"

using namespace effnet;
using cpu::BFloat16;
using cpu::Index;
using cpu::KernelTable;

namespace {

template <class Check>
void on_every_table(Check&& check) {
  for (const auto products : {cpu::BFloat16Products::kWhereThere, cpu::BFloat16Products::kTwin}) {
    for (const KernelTable* k : cpu::usable_kernels(products)) {
      INFO(k->name << ", bfloat16 by " << k->bfloat16_maps->name);
      check(*k);
    }
  }
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Halfway between neighbours of 8 binary digits the even one counts; the largest floats become infinite.
struct Rounded {
  float from, to;
};
constexpr Rounded kRounded[] = {
    {0.0f, 0.0f},
    {1.0f, 1.0f},
    {0x1.01p0f, 0x1.00p0f},  // halfway, down to even
    {0x1.03p0f, 0x1.04p0f},  // halfway, up to even
    {0x1.010002p0f, 0x1.02p0f},
    {0x1.00fffep0f, 0x1.00p0f},
    {-0x1.03p-100f, -0x1.04p-100f},
    {-3.14159265f, -3.140625f},
    {0x1.fffffep0f, 2.0f},
    {0x1.fep127f, 0x1.fep127f},
    {0x1.fffffep127f, kInfinity},
    {-kInfinity, -kInfinity},
};

}  // namespace

TEST_CASE("bfloat16: to the nearest, ties to even, infinity and NaN stay") {
  for (const Rounded& of : kRounded) CHECK(cpu::to_float(cpu::rounded_to<BFloat16>(of.from)) == of.to);
  CHECK(std::isnan(cpu::to_float(cpu::rounded_to<BFloat16>(std::nanf("")))));

  on_every_table([](const KernelTable& k) {
    const Index count = k.lanes * 3;
    std::vector<float> in(static_cast<std::size_t>(count)), back(in);
    std::vector<BFloat16> rounded(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = kRounded[i % std::size(kRounded)].from;
    in.back() = std::bit_cast<float>(0xffffffffu);  // a NaN that rounding by addition would carry into 0
    k.bfloat16_maps->from_floats(count, in.data(), rounded.data());
    k.bfloat16_maps->to_floats(count, rounded.data(), back.data());
    for (std::size_t i = 0; i + 1 < in.size(); ++i) {
      INFO(in[i]);
      CHECK(back[i] == kRounded[i % std::size(kRounded)].to);
    }
    CHECK(std::isnan(back.back()));
  });
}

TEST_CASE("a gate times packed weights, and times a map, in bfloat16") {
  on_every_table([](const KernelTable& k) {
    // 5 vectors in 2 panels, 6 rows of weights in 3 slots.
    const Index rows = 6, vectors = 5, panels = 2, count = rows * vectors * k.lanes;
    std::vector<BFloat16> weights(static_cast<std::size_t>(count)), out(weights);
    std::vector<float> gate;
    for (Index i = 0; i < count; ++i)
      weights[static_cast<std::size_t>(i)] = cpu::rounded_to<BFloat16>(static_cast<float>(i % 97) - 50);
    for (Index row = 0; row < rows; ++row) gate.push_back(0.3f * static_cast<float>(row) - 0.7f);
    gate[3] = std::nanf("");
    k.bfloat16_maps->scale_panels({.k = rows,
                                   .vectors = vectors,
                                   .panels = panels,
                                   .weights = weights.data(),
                                   .gate = gate.data(),
                                   .out = out.data()});
    Index at = 0, wrong = 0;
    for (Index panel = 0; panel < panels; ++panel) {
      const Index columns = (vectors * (panel + 1) / panels - vectors * panel / panels) * k.lanes;
      for (Index slot = 0; slot < rows / 2; ++slot) {
        for (Index i = 0; i < 2 * columns; ++i, ++at) {
          const float factor = gate[static_cast<std::size_t>(2 * slot + i % 2)];
          const float want = cpu::to_float(
              cpu::rounded_to<BFloat16>(cpu::to_float(weights[static_cast<std::size_t>(at)]) * factor));
          const float got = cpu::to_float(out[static_cast<std::size_t>(at)]);
          wrong += std::isnan(want) ? !std::isnan(got) : got != want;
        }
      }
    }
    CHECK(wrong == 0);

    std::vector<BFloat16> map(static_cast<std::size_t>(3 * k.lanes), cpu::rounded_to<BFloat16>(1.5f));
    std::vector<float> lane_gates;
    for (int lane = 0; lane < k.lanes; ++lane) lane_gates.push_back(0.5f * static_cast<float>(lane));
    k.bfloat16_maps->gate_block({.pixels = 2, .gate = lane_gates.data(), .map = map.data()});
    for (int lane = 0; lane < k.lanes; ++lane) {
      CHECK(cpu::to_float(map[static_cast<std::size_t>(k.lanes + lane)]) == 0.75f * static_cast<float>(lane));
      CHECK(cpu::to_float(map[static_cast<std::size_t>(2 * k.lanes + lane)]) == 1.5f);  // not its pixel
    }
  });
}

TEST_CASE("pictures of any channels as whole slots, with zeros beside") {
  on_every_table([](const KernelTable& k) {
    for (const Index channels : {1, 2, 3, 5}) {
      const Index padded = (channels + 1) / 2 * 2, pixels = 211;
      INFO(channels);
      std::vector<float> in;
      for (Index i = 0; i < pixels * channels; ++i) in.push_back(static_cast<float>(i % 251));
      std::vector<BFloat16> out(static_cast<std::size_t>((pixels + 1) * padded), BFloat16{0x1234});
      k.bfloat16_maps->picture_pixels({.pixels = pixels,
                                       .channels = channels,
                                       .out_channels = padded,
                                       .in = in.data(),
                                       .out = out.data()});
      Index wrong = 0;
      for (Index p = 0; p < pixels; ++p) {
        for (Index c = 0; c < padded; ++c) {
          const float want = c < channels ? in[static_cast<std::size_t>(p * channels + c)] : 0;
          wrong += cpu::to_float(out[static_cast<std::size_t>(p * padded + c)]) != want;
        }
      }
      CHECK(wrong == 0);
      for (Index c = 0; c < padded; ++c)
        CHECK(out[static_cast<std::size_t>(pixels * padded + c)].bits == 0x1234);
    }
  });
}
