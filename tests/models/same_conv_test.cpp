// Padding: TensorFlow's rule by its published formula, and the convolution against loops in double.
#include "models/same_conv.h"

#include "tests/support/catch.h"

using namespace effnet;

namespace {

// out[n][o][y][x] with zeros outside, straight from the definition.
torch::Tensor reference(const torch::Tensor& x, const torch::Tensor& w, int stride, int groups,
                        spec::Padding padding) {
  const auto size = x.size(2), k = w.size(2), out_size = (size + stride - 1) / stride;
  const auto pad = models::padding_of(size, static_cast<int>(k), stride, padding);
  const torch::Tensor xd = x.to(torch::kDouble).contiguous(), wd = w.to(torch::kDouble).contiguous();
  torch::Tensor out = torch::zeros({x.size(0), w.size(0), out_size, out_size}, torch::kDouble);
  const auto xa = xd.accessor<double, 4>(), wa = wd.accessor<double, 4>();
  auto oa = out.accessor<double, 4>();
  const auto out_group = w.size(0) / groups, in_group = w.size(1);
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t o = 0; o < w.size(0); ++o)
      for (std::int64_t y = 0; y < out_size; ++y)
        for (std::int64_t z = 0; z < out_size; ++z)
          for (std::int64_t c = 0; c < in_group; ++c)
            for (std::int64_t i = 0; i < k; ++i)
              for (std::int64_t j = 0; j < k; ++j) {
                const auto r = y * stride + i - pad.before, s = z * stride + j - pad.before;
                if (r < 0 || s < 0 || r >= size || s >= size) continue;
                oa[n][o][y][z] += xa[n][o / out_group * in_group + c][r][s] * wa[o][c][i][j];
              }
  return out;
}

}  // namespace

TEST_CASE("SAME padding: right and bottom first at stride 2 on an even map") {
  const auto pads = [](std::int64_t size, int kernel, int stride, spec::Padding padding) {
    const auto pad = models::padding_of(size, kernel, stride, padding);
    return std::pair(pad.before, pad.after);
  };
  using P = std::pair<std::int64_t, std::int64_t>;
  CHECK(pads(224, 3, 2, spec::Padding::kSame) == P{0, 1});
  CHECK(pads(225, 3, 2, spec::Padding::kSame) == P{1, 1});
  CHECK(pads(112, 5, 2, spec::Padding::kSame) == P{1, 2});
  CHECK(pads(7, 5, 1, spec::Padding::kSame) == P{2, 2});
  CHECK(pads(7, 1, 2, spec::Padding::kSame) == P{0, 0});
  CHECK(pads(112, 3, 2, spec::Padding::kSymmetric) == P{1, 1});
}

TEST_CASE("convolution with either padding equals the loops of its definition") {
  torch::manual_seed(1);
  for (const auto padding : {spec::Padding::kSame, spec::Padding::kSymmetric})
    for (const int size : {1, 5, 6})
      for (const int kernel : {1, 3, 5, 7})
        for (const int stride : {1, 2, 3})
          for (const int groups : {1, 2, 4}) {
            INFO("size " << size << " kernel " << kernel << " stride " << stride << " groups " << groups);
            models::SameConv2d conv(models::ConvOptions{4, 4, kernel, stride, groups}, padding);
            torch::NoGradGuard no_grad;
            conv->weight.normal_();
            const torch::Tensor x =
                torch::randn({2, 4, size, size}).contiguous(at::MemoryFormat::ChannelsLast);
            const torch::Tensor y = conv->forward(x);
            const torch::Tensor wanted = reference(x, conv->weight, stride, groups, padding);
            REQUIRE(y.sizes() == wanted.sizes());
            CHECK((y.to(torch::kDouble) - wanted).abs().max().item<double>() < 1e-5 * kernel * kernel);
          }
}

TEST_CASE("max pooling: padding never wins") {
  const torch::Tensor x = torch::full({1, 1, 4, 4}, -5.0);
  for (const auto padding : {spec::Padding::kSame, spec::Padding::kSymmetric}) {
    const torch::Tensor y = models::max_pool(x, 3, 2, padding);
    CHECK(y.size(2) == 2);
    CHECK(y.max().item<float>() == -5.0f);
    CHECK(y.min().item<float>() == -5.0f);
  }
}
