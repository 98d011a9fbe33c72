// Resizing against Pillow 13's Image.resize(BILINEAR) of mode "F" pictures with value (37 x + 91 y) mod 256.
#include "data/resize.h"

#include "tests/support/catch.h"

namespace effnet::data {
namespace {

using Catch::Approx;

std::vector<float> pattern(int size, int channels) {
  std::vector<float> pixels;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      for (int c = 0; c < channels; ++c)
        pixels.push_back(static_cast<float>((x * 37 + y * 91) % 256 * (c + 1)));
    }
  }
  return pixels;
}

std::vector<float> resized(int in, int out, int channels) {
  std::vector<float> result(static_cast<std::size_t>(out * out * channels)), scratch;
  Resizer(in, out).run(pattern(in, channels).data(), channels, result.data(), scratch);
  return result;
}

void check_equal(const std::vector<float>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == Approx(expected[i]).margin(2e-4));
}

TEST_CASE("growing 5 to 7 as Pillow does") {
  check_equal(
      resized(5, 7, 1),
      {0.0,      21.1429,  47.5714,  74.0,     100.4286, 126.8571, 148.0,    52.0,     73.1429,  99.5714,
       126.0,    152.4286, 178.8571, 200.0,    117.0,    138.1429, 143.6735, 117.8571, 144.2857, 170.7143,
       191.8571, 182.0,    203.1429, 156.4286, 0.0,      26.4286,  52.8571,  74.0,     64.1429,  85.2857,
       90.8163,  65.0,     91.4286,  117.8571, 139.0,    56.0,     77.1429,  103.5714, 130.0,    156.4286,
       135.8367, 94.2857,  108.0,    129.1429, 155.5714, 182.0,    208.4286, 125.1429, 0.0});
}

TEST_CASE("shrinking 7 to 3 averages as Pillow does") {
  check_equal(resized(7, 3, 1),
              {97.9592, 130.916, 127.2245, 107.8739, 113.827, 135.2185, 128.7755, 112.1765, 113.6327});
}

TEST_CASE("shrinking 500 to 224 as Pillow does") {
  const std::vector<float> out = resized(500, 224, 1);
  const auto at = [&](int x, int y) { return out[static_cast<std::size_t>(y * 224 + x)]; };
  CHECK(at(0, 0) == Approx(95.3055).margin(1e-3));
  CHECK(at(223, 0) == Approx(135.3685).margin(1e-3));
  CHECK(at(100, 57) == Approx(122.645).margin(1e-3));
  CHECK(at(17, 200) == Approx(119.3279).margin(1e-3));
  CHECK(at(223, 223) == Approx(94.7223).margin(1e-3));
}

TEST_CASE("the same size changes nothing; a constant stays constant at any size") {
  CHECK(resized(6, 6, 1) == pattern(6, 1));
  for (int in = 1; in <= 9; ++in) {
    for (int out = 1; out <= 9; ++out) {
      std::vector<float> ones(static_cast<std::size_t>(in * in), 1.0F),
          result(static_cast<std::size_t>(out * out));
      std::vector<float> scratch;
      Resizer(in, out).run(ones.data(), 1, result.data(), scratch);
      CAPTURE(in, out);
      for (const float value : result) CHECK(value == Approx(1.0F));
    }
  }
}

TEST_CASE("channels do not mix") {
  const std::vector<float> grey = resized(5, 8, 1), colour = resized(5, 8, 3);
  for (std::size_t i = 0; i < grey.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) CHECK(colour[3 * i + c] == Approx(grey[i] * (c + 1)).margin(1e-3));
  }
}

}  // namespace
}  // namespace effnet::data
