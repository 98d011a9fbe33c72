// Blocks: the order of operations written out once more by hand, residuals, stochastic depth, pooling.
#include "models/bottleneck.h"
#include "models/mbconv.h"
#include "models/net.h"
#include "models/plain_blocks.h"
#include "models/residual.h"
#include "tests/support/catch.h"

using namespace effnet;
using Catch::Approx;

namespace {

spec::Stage stage(const char* text) {
  return spec::parse_stage(text, "test");
}

torch::Tensor picture(std::int64_t channels, std::int64_t size) {
  return torch::randn({2, channels, size, size}).contiguous(at::MemoryFormat::ChannelsLast);
}

models::NetTraits traits_of(spec::Activation activation, spec::Padding padding) {
  models::NetTraits traits;
  traits.activation = activation;
  traits.padding = padding;
  return traits;
}

}  // namespace

TEST_CASE("MBConv: expand, depthwise, squeeze-and-excite, project, add") {
  torch::manual_seed(4);
  const torch::NoGradGuard no_grad;
  models::NetTraits traits;
  models::MBConv block({stage("mb_k3_s1_e4_c8_r1_se0.25"), 8, 1, 0}, traits);
  for (auto& item : block.named_parameters()) item.value().normal_(0.2, 0.3);
  for (auto& item : block.named_buffers()) item.value().uniform_(0.5, 1.5);
  block.eval();
  const auto p = block.named_parameters();
  const auto b = block.named_buffers();
  const auto bn = [&](const torch::Tensor& x, const std::string& name) {
    const auto column = [](const torch::Tensor& t) { return t.view({1, -1, 1, 1}); };
    return (x - column(b[name + ".running_mean"])) / (column(b[name + ".running_var"]) + 1e-3).sqrt() *
               column(p[name + ".weight"]) +
           column(p[name + ".bias"]);
  };
  const auto x = picture(8, 5);
  auto y = at::silu(bn(at::conv2d(x, p["expand.conv.weight"]), "expand.bn"));
  y = at::silu(bn(at::conv2d(y, p["dw.conv.weight"], {}, {1, 1}, {1, 1}, {1, 1}, 32), "dw.bn"));
  REQUIRE(p["se.reduce.weight"].size(0) ==
          2);  // a quarter of the block's input, not of the expanded channels
  auto gate = at::silu(at::conv2d(y.mean({2, 3}, true), p["se.reduce.weight"], p["se.reduce.bias"]));
  y = y * at::sigmoid(at::conv2d(gate, p["se.expand.weight"], p["se.expand.bias"]));
  y = bn(at::conv2d(y, p["project.conv.weight"]), "project.bn") + x;  // no activation after the projection
  models::Noise noise;
  CHECK(torch::allclose(block.forward(x, noise), y, 1e-4, 1e-4));
}

TEST_CASE("MBConv: the input is added only where stride and channels allow and the stage wants it") {
  models::Noise noise;
  const auto is_residual = [&](const char* text, int in_channels, int stride) {
    const torch::NoGradGuard no_grad;
    models::MBConv block({stage(text), in_channels, stride, 0}, models::NetTraits());
    block.eval();
    for (auto& item : block.named_parameters()) item.value().zero_();  // the main path gives 0
    return block.forward(picture(in_channels, 4), noise).abs().max().item<float>() > 0;
  };
  CHECK(is_residual("mb_k3_s1_e2_c8_r1", 8, 1));
  CHECK_FALSE(is_residual("mb_k3_s1_e2_c8_r1_noskip", 8, 1));
  CHECK_FALSE(is_residual("mb_k3_s1_e2_c8_r1", 4, 1));
  CHECK_FALSE(is_residual("mb_k3_s2_e2_c8_r1", 8, 2));
}

TEST_CASE("stochastic depth: per picture, rescaled, a function of the seed, nothing in evaluation") {
  models::Noise noise;
  const auto main = torch::ones({4000, 2, 1, 1}), shortcut = torch::zeros({4000, 2, 1, 1});
  noise.restart(7);
  const auto y = models::residual(main, shortcut, 0.25, noise, ops::Mode::kTrain);
  CHECK(torch::equal(y.select(1, 0), y.select(1, 1)));  // one choice a picture
  CHECK(((y == 0) | ((y - 1 / 0.75).abs() < 1e-6)).all().item<bool>());
  CHECK(y.mean().item<double>() == Approx(1).margin(0.04));
  noise.restart(7);
  CHECK(torch::equal(y, models::residual(main, shortcut, 0.25, noise, ops::Mode::kTrain)));
  noise.restart(8);
  CHECK_FALSE(torch::equal(y, models::residual(main, shortcut, 0.25, noise, ops::Mode::kTrain)));
  CHECK(torch::equal(models::residual(main, shortcut, 0.25, noise, ops::Mode::kEval), main));
}

TEST_CASE("stochastic depth: draws that stay in place are the same numbers in the same memory") {
  const torch::Tensor x = torch::zeros({1});
  models::Noise free, fixed;
  fixed.stay_in_place();
  const auto check_step = [&](std::uint64_t seed, const std::vector<std::vector<std::int64_t>>& shapes) {
    free.restart(seed);
    fixed.restart(seed);
    std::vector<const void*> here;
    for (const auto& shape : shapes) {
      const torch::Tensor kept = fixed.keep(shape, 0.75, x);
      CHECK(torch::equal(kept, free.keep(shape, 0.75, x)));
      here.push_back(kept.data_ptr());
    }
    return here;
  };
  check_step(1, {{5}, {5}, {5, 3}});
  const auto first = check_step(2, {{5}, {5}, {5, 3}});
  CHECK(check_step(3, {{5}, {5}, {5, 3}}) == first);
  check_step(4, {{5}, {4}, {4, 3}});  // another batch
  check_step(5, {{5}, {4}, {4, 3}, {7}});
  check_step(6, {{5}});
  const auto last = check_step(7, {{5}, {4}, {4, 3}, {7}});
  CHECK(check_step(8, {{5}, {4}, {4, 3}, {7}}) == last);
}

TEST_CASE("stochastic depth: linear over the blocks of the whole net, none in the first") {
  CHECK(models::drop_path_of_block(0.2, 0, 16) == 0);  // B0 has 16 blocks
  CHECK(models::drop_path_of_block(0.2, 8, 16) == Approx(0.1));
  CHECK(models::drop_path_of_block(0.2, 15, 16) == Approx(0.1875));
}

TEST_CASE("bottleneck and basic: activation after the sum, shortcut convolution where the shape changes") {
  models::Noise noise;
  const torch::NoGradGuard no_grad;
  const models::NetTraits traits = traits_of(spec::Activation::kRelu, spec::Padding::kSymmetric);
  models::Basic same({stage("basic_k3_s1_c8_r1"), 8, 1, 0}, traits);
  CHECK(same.named_parameters().size() == 6);
  same.eval();
  for (auto& item : same.named_parameters()) item.value().zero_();
  const auto x = picture(8, 4);
  CHECK(torch::equal(same.forward(x, noise), at::relu(x)));
  models::Bottleneck changed({stage("bottleneck_k3_s2_c16_m8_r1_g4"), 8, 2, 0}, traits);
  CHECK(changed.named_parameters().contains("shortcut.conv.weight"));
  CHECK(changed.named_parameters()["conv2.conv.weight"].sizes() == at::IntArrayRef({8, 2, 3, 3}));
  CHECK(changed.forward(x, noise).sizes() == at::IntArrayRef({2, 16, 2, 2}));
}

TEST_CASE("max pooling: what is padded never wins, with either padding") {
  models::Noise noise;
  for (const auto padding : {spec::Padding::kSame, spec::Padding::kSymmetric}) {
    for (const int size : {4, 5}) {
      INFO("size " << size << (padding == spec::Padding::kSame ? " same" : " symmetric"));
      models::MaxPool block({stage("maxpool_k3_s2"), 2, 2, 0}, traits_of(spec::Activation::kRelu, padding));
      const auto x = picture(2, size) - 100;
      const auto y = block.forward(x, noise);
      const std::int64_t out = (size + 1) / 2, before = padding == spec::Padding::kSame && size == 4 ? 0 : 1;
      REQUIRE(y.sizes() == at::IntArrayRef({2, 2, out, out}));
      for (std::int64_t row = 0; row < out; ++row) {
        for (std::int64_t column = 0; column < out; ++column) {
          const auto window = [&](std::int64_t at) {
            const std::int64_t first = 2 * at - before;
            return at::indexing::Slice(std::max<std::int64_t>(first, 0),
                                       std::min<std::int64_t>(first + 3, size));
          };
          const auto seen =
              x.index({at::indexing::Slice(), at::indexing::Slice(), window(row), window(column)});
          CHECK(torch::equal(y.select(2, row).select(2, column), seen.amax({2, 3})));
        }
      }
    }
  }
}
