// Windows, padding, mirror images and blots, on pictures small enough to see.
#include "data/augment.h"

#include <algorithm>
#include <set>

#include "data/normalize.h"
#include "tests/data/small_files.h"
#include "tests/support/catch.h"

namespace effnet::data {
namespace {

using namespace effnet::tests;
using Catch::Approx;

const Picture kDigits{.channels = 1, .height = 3, .width = 3, .pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9}};

// The window in units of a pixel value, rounded: 0 is padding.
std::vector<int> seen(const Picture& picture, const Window& window) {
  std::vector<float> out(static_cast<std::size_t>(window.side * window.side * picture.channels), -1);
  Normalizer(picture.channels, {}, {}).convert(picture, window, out.data());
  std::vector<int> values;
  for (const float value : out) values.push_back(static_cast<int>(value * 255 + 0.5F));
  return values;
}

TEST_CASE("pixels become (value / 255 - mean) / stddev, channel by channel") {
  const Picture picture{.channels = 3, .height = 1, .width = 1, .pixels = {0, 51, 255}};
  float out[3];
  Normalizer(3, {0.5, 0.2, 0.1}, {0.25, 0.5, 0.9}).convert(picture, {.side = 1}, out);
  CHECK(out[0] == Approx(-2));
  CHECK(out[1] == Approx(0).margin(1e-6));
  CHECK(out[2] == Approx(1));
}

TEST_CASE("a window may reach over every edge; what is outside is 0") {
  CHECK(seen(kDigits, {.top = -1, .left = -1, .side = 3}) == std::vector<int>{0, 0, 0, 0, 1, 2, 0, 4, 5});
  CHECK(seen(kDigits, {.top = 1, .left = 2, .side = 3}) == std::vector<int>{6, 0, 0, 9, 0, 0, 0, 0, 0});
  CHECK(seen(kDigits, {.top = 5, .left = 5, .side = 3}) == std::vector<int>(9, 0));
}

TEST_CASE("a mirrored window is the window read backwards, padding included") {
  CHECK(seen(kDigits, {.side = 3, .mirrored = true}) == std::vector<int>{3, 2, 1, 6, 5, 4, 9, 8, 7});
  CHECK(seen(kDigits, {.top = 0, .left = 2, .side = 3, .mirrored = true}) ==
        std::vector<int>{0, 0, 3, 0, 0, 6, 0, 0, 9});
}

TEST_CASE("the centre window of a wide picture") {
  const Picture wide{.channels = 1, .height = 1, .width = 5, .pixels = {1, 2, 3, 4, 5}};
  CHECK(seen(wide, centre_window(wide)) == std::vector<int>{3});
}

TEST_CASE("random windows reach every offset of the padding and both mirror images") {
  spec::RandomStream random(3);
  std::set<std::tuple<int, int, bool>> windows;
  for (int i = 0; i < 2000; ++i) {
    const Window w = random_window(kDigits, {.crop_padding = 2, .hflip = true}, random);
    CHECK((w.side == 3 && std::abs(w.top) <= 2 && std::abs(w.left) <= 2));
    windows.emplace(w.top, w.left, w.mirrored);
  }
  CHECK(windows.size() == 5 * 5 * 2);
}

TEST_CASE("without options a square picture is left alone") {
  spec::RandomStream random(3);
  for (int i = 0; i < 50; ++i)
    CHECK(seen(kDigits, random_window(kDigits, {}, random)) == seen(kDigits, {.side = 3}));
}

TEST_CASE("erasing blots out one rectangle of 2 to 33 percent, as often as asked") {
  constexpr int kSize = 40;
  spec::RandomStream random(5);
  int erased = 0;
  for (int i = 0; i < 1000; ++i) {
    std::vector<float> pixels(kSize * kSize * 3, 1.0F);
    erase_at_random({.erase_probability = 0.25}, kSize, 3, pixels.data(), random);
    int top = kSize, left = kSize, bottom = -1, right = -1, zeros = 0;
    for (int p = 0; p < kSize * kSize; ++p) {
      const auto first = pixels.begin() + 3 * p;
      if (std::count(first, first + 3, 0.0F) == 0) continue;
      REQUIRE(std::count(first, first + 3, 0.0F) == 3);
      ++zeros;
      top = std::min(top, p / kSize), bottom = std::max(bottom, p / kSize);
      left = std::min(left, p % kSize), right = std::max(right, p % kSize);
    }
    if (zeros == 0) continue;
    ++erased;
    CHECK(zeros == (bottom - top + 1) * (right - left + 1));
    CHECK(zeros >= 0.018 * kSize * kSize);
    CHECK(zeros <= 0.35 * kSize * kSize);
  }
  CHECK(std::abs(erased - 250) < 55);  // four standard deviations of a binomial
}

TEST_CASE("statistics that do not fit the pictures are refused") {
  CHECK(error_of([] { Normalizer(3, {0.5}, {0.5}); }).kind() == spec::ErrorKind::kUsage);
  CHECK(error_of([] { Normalizer(1, {0.5}, {0.0}); }).kind() == spec::ErrorKind::kUsage);
}

}  // namespace
}  // namespace effnet::data
