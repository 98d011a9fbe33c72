// The operators by the kernels of cuda/, run by the emulator on LibTorch's own memory, against the reference path in double:
// values, running statistics and all gradients.
#include <functional>

#include "tests/ops/operator_example.h"
#include "tests/support/catch.h"
#include "tests/support/emulated_context.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

void compare(const Block& block) {
  compare_with_reference(block, emulated());
}

// bfloat16 has 8 bits: a map of unit size is off by 2^-9 wherever it is stored, seven times there and back, and sums over
// few values a channel do not average it away.
void compare_bfloat16(const Block& block) {
  compare_with_reference(block, emulated(), torch::kBFloat16,
                         {.evaluated = 0.03, .trained = 0.06, .few_values = 0.3});
}

}  // namespace

TEST_CASE("MBConv on CUDA: kernel sizes, strides, one pixel, channels in several chunks") {
  torch::manual_seed(1);
  for (const int kernel : {3, 5, 7}) {
    for (const int stride : {1, 2})
      compare({.batch = 3, .in = 8, .out = 8, .kernel = kernel, .stride = stride, .height = 6, .width = 7});
  }
  compare_bfloat16({.batch = 3, .in = 16, .out = 16, .kernel = 5, .height = 6, .width = 7});
  compare({.batch = 64, .height = 1, .width = 1});
  compare({.batch = 2, .in = 40, .out = 40, .squeeze = 10, .height = 5, .width = 6});
}

TEST_CASE("MBConv on CUDA: with and without expansion, squeeze, residual, drop-path") {
  torch::manual_seed(2);
  for (const int expand : {1, 6}) {
    for (const int squeeze : {0, 3}) {
      compare({.batch = 4, .expand = expand, .squeeze = squeeze, .drop = true});
      compare({.batch = 4, .expand = expand, .out = 24, .squeeze = squeeze, .drop = true});
      compare({.batch = 4,
               .expand = expand,
               .out = 16,
               .squeeze = squeeze,
               .stride = 2,
               .padding = Padding::kSymmetric});
      compare_bfloat16({.batch = 4, .expand = expand, .squeeze = squeeze});
    }
  }
}

TEST_CASE("MBConv on CUDA: every activation, and the depthwise-separable block") {
  torch::manual_seed(3);
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish}) {
    compare({.batch = 6, .activation = activation});
    compare({.batch = 6,
             .expand = 1,
             .out = 24,
             .squeeze = 0,
             .stride = 2,
             .activation = activation,
             .project_activation = activation});
  }
}

namespace {

void compare_conv(const Tensor& x, const Tensor& weight, const ops::ConvNormActParams& params,
                  Wanted wanted = Wanted::kAllGradients) {
  compare_conv_with_reference(x, weight, params, emulated(), 1e-4, wanted);
}

}  // namespace

TEST_CASE("1x1 convolution, batch norm and activation on CUDA") {
  torch::manual_seed(4);
  for (const Activation activation : {Activation::kIdentity, Activation::kSilu})
    compare_conv(random_map(4, 24, 5, 6), torch::randn({40, 24, 1, 1}) / 5, {.activation = activation});
}

TEST_CASE("the stem on CUDA: one and three channels, both strides and paddings") {
  torch::manual_seed(5);
  for (const int stride : {1, 2}) {
    for (const int channels : {1, 3}) {
      compare_conv(random_map(3, channels, 9, 8),
                   torch::randn({16, channels, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast),
                   {.stride = stride,
                    .padding = channels == 1 ? Padding::kSymmetric : Padding::kSame,
                    .activation = Activation::kSilu},
                   Wanted::kAllButOfX);
    }
  }
}

TEST_CASE("dense convolutions on CUDA: kernel sizes, strides, paddings, activations") {
  torch::manual_seed(6);
  for (const int kernel : {3, 5}) {
    for (const int stride : {1, 2}) {
      for (const Padding padding : {Padding::kSame, Padding::kSymmetric})
        compare_conv(random_map(2, 8, 7, 6), torch::randn({24, 8, kernel, kernel}) / 9,
                     {.stride = stride, .padding = padding, .activation = Activation::kSilu});
    }
  }
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu})
    compare_conv(random_map(3, 16, 5, 6),
                 (torch::randn({16, 16, 3, 3}) / 12).contiguous(at::MemoryFormat::ChannelsLast),
                 {.activation = activation});
  compare_conv(random_map(3, 16, 7, 6), torch::randn({24, 16, 1, 1}) / 4, {.stride = 2});  // a shortcut
}

namespace {

// What a net's blocks are made of, on maps as x is stored.
using Convolution = std::function<Tensor(const Tensor& x, int weight, const ops::ConvNormActParams& params)>;
using DenseBlock = std::function<Tensor(const Tensor& x, const Convolution& conv)>;

// A block whose convolutions have these weights: its values and all gradients.
void compare_block(const DenseBlock& block, const Tensor& x, const std::vector<Tensor>& weights,
                   at::ScalarType type, double tolerance) {
  const ops::ExecutionContext context = emulated();
  const Tensor stored = x.to(type), exact_x = stored.to(torch::kDouble);
  std::vector<ops::BatchNorm> norms, exact_norms;
  Named leaves{{"x", stored}}, exact_leaves{{"x", exact_x}};
  for (const Tensor& weight : weights) {
    norms.push_back(random_norm(weight.size(0)));
    exact_norms.push_back(in_double(norms.back()));
    leaves.emplace_back("weight", weight);
    exact_leaves.emplace_back("weight", weight.to(torch::kDouble));
    leaves.emplace_back("norm weight", norms.back().weight);
    exact_leaves.emplace_back("norm weight", exact_norms.back().weight);
  }
  const auto at = [](int number) { return static_cast<std::size_t>(number); };
  const auto ours = [&] {
    return block(stored, [&](const Tensor& map, int i, const ops::ConvNormActParams& params) {
      return ops::conv_norm_act(map, leaves[1 + 2 * at(i)].second, norms[at(i)], params, ops::Mode::kTrain,
                                context);
    });
  };
  const auto by_reference = [&](ops::Mode mode) {
    return block(exact_x, [&](const Tensor& map, int i, const ops::ConvNormActParams& params) {
      return ops::reference::conv_norm_act(map, exact_leaves[1 + 2 * at(i)].second, exact_norms[at(i)],
                                           params, mode);
    });
  };
  const auto exact = [&] { return by_reference(ops::Mode::kTrain); };
  const Tensor gradient = torch::randn_like(by_reference(ops::Mode::kEval));
  check_all(run(ours, leaves, gradient.to(type), norms), run(exact, exact_leaves, gradient, exact_norms),
            tolerance);
  CHECK(context.fallbacks().empty());
}

constexpr std::pair<at::ScalarType, double> kFloatAndBfloat16[] = {{torch::kFloat, 1e-4},
                                                                   {torch::kBFloat16, 0.06}};

}  // namespace

TEST_CASE("a fused MBConv block on CUDA: dense expansion and projection, with the residual") {
  torch::manual_seed(7);
  const DenseBlock fused = [](const Tensor& x, const Convolution& conv) {
    const Tensor wide = conv(x, 0, {.activation = Activation::kSilu});
    return conv(wide, 1, {}) + x;
  };
  for (const auto& [type, tolerance] : kFloatAndBfloat16)
    compare_block(fused, random_map(4, 16, 6, 7),
                  {torch::randn({64, 16, 3, 3}) / 12, torch::randn({16, 64, 1, 1}) / 8}, type, tolerance);
}

TEST_CASE("a basic residual block on CUDA: two dense convolutions and a strided shortcut") {
  torch::manual_seed(8);
  const auto basic = [](Activation activation) -> DenseBlock {
    return [activation](const Tensor& x, const Convolution& conv) {
      const Tensor main = conv(conv(x, 0, {.stride = 2, .activation = activation}), 1, {});
      const Tensor sum = main + conv(x, 2, {.stride = 2});
      return activation == Activation::kRelu ? torch::relu(sum) : torch::silu(sum);
    };
  };
  const Tensor x = random_map(4, 8, 8, 7);
  const std::vector<Tensor> weights{torch::randn({16, 8, 3, 3}) / 8, torch::randn({16, 16, 3, 3}) / 12,
                                    torch::randn({16, 8, 1, 1}) / 3};
  compare_block(basic(Activation::kRelu), x, weights, torch::kFloat, 1e-4);
  // A value near 0 that is rounded would change the slope of ReLU.
  compare_block(basic(Activation::kSilu), x, weights, torch::kBFloat16, 0.06);
}

TEST_CASE("channels that CUDA has no kernel for are the reference's, and it is said") {
  const ops::ExecutionContext context = emulated();
  const Block block{.in = 12, .out = 12};
  ops::mbconv(random_map(2, 12, 4, 4), weights_of(block), {.residual = true}, {}, ops::Mode::kTrain, context);
  REQUIRE(context.fallbacks().size() == 1);
  CHECK(context.fallbacks().begin()->find("multiples of 8") != std::string::npos);
}
