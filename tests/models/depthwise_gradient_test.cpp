// The depthwise weight gradient against loops in double, odd sizes and tails included, and through autograd.
#include "models/depthwise_gradient.h"

#include "models/depthwise_conv.h"
#include "tests/support/catch.h"

using namespace effnet;

namespace {

double largest_error(const models::DepthwiseShape& s) {
  const auto x = torch::randn({s.batch, s.in_height, s.in_width, s.channels});
  const auto g = torch::randn({s.batch, s.out_height, s.out_width, s.channels});
  const int k = s.kernel;
  constexpr float kGuard = 12345;
  auto dw = torch::full({s.channels * k * k + 8}, kGuard);
  models::depthwise_weight_gradient(s, x.data_ptr<float>(), g.data_ptr<float>(), dw.data_ptr<float>(), 0,
                                    s.channels);
  for (std::int64_t i = s.channels * k * k; i < dw.numel(); ++i) REQUIRE(dw[i].item<float>() == kGuard);
  const auto xa = x.accessor<float, 4>(), ga = g.accessor<float, 4>();
  double worst = 0;
  for (std::int64_t c = 0; c < s.channels; ++c)
    for (int i = 0; i < k; ++i)
      for (int j = 0; j < k; ++j) {
        double sum = 0;
        for (std::int64_t n = 0; n < s.batch; ++n)
          for (std::int64_t y = 0; y < s.out_height; ++y)
            for (std::int64_t z = 0; z < s.out_width; ++z) {
              const auto r = y * s.stride + i - s.pad_top, q = z * s.stride + j - s.pad_left;
              if (r >= 0 && q >= 0 && r < s.in_height && q < s.in_width)
                sum += double(xa[n][r][q][c]) * double(ga[n][y][z][c]);
            }
        worst = std::max(worst, std::abs(sum - dw[(c * k + i) * k + j].item<double>()));
      }
  return worst;
}

}  // namespace

TEST_CASE("depthwise weight gradient equals loops in double") {
  torch::manual_seed(2);
  for (const std::int64_t channels : {1, 4, 13, 16, 28, 36})
    for (const std::int64_t size : {1, 2, 5, 8})
      for (const int kernel : {3, 5, 7})
        for (const int stride : {1, 2, 3})
          for (const std::int64_t pad : {0, kernel / 2}) {
            const std::int64_t out = (size + 2 * pad - kernel) / stride + 1;
            if (size + 2 * pad < kernel) continue;
            INFO("C " << channels << " size " << size << " k " << kernel << " s " << stride << " pad "
                      << pad);
            CHECK(largest_error({2, channels, size, size, out, out, kernel, stride, pad, pad}) < 1e-4);
          }
}

TEST_CASE("depthwise convolution: the same values and gradients as LibTorch's") {
  torch::manual_seed(3);
  const auto x = torch::randn({3, 20, 9, 9}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const auto w = torch::randn({20, 1, 5, 5}).requires_grad_();
  REQUIRE(models::prefers_depthwise_conv(x, w, 20));
  const auto ours = models::depthwise_conv(x, w, 2, 2, 2);
  const auto theirs = at::conv2d(x, w, {}, {2, 2}, {2, 2}, {1, 1}, 20);
  CHECK(torch::equal(ours, theirs));
  const auto weights = torch::randn_like(ours);
  const auto a = torch::autograd::grad({(ours * weights).sum()}, {x, w});
  const auto b = torch::autograd::grad({(theirs * weights).sum()}, {x, w});
  CHECK(torch::allclose(a[0], b[0], 1e-5, 1e-5));
  CHECK(torch::allclose(a[1], b[1], 1e-4, 1e-4));
}
