// The project's operators against the reference path in double: values, running statistics and all gradients, on shapes
// from one pixel up, with channel tails, both paddings, both strides, with and without expansion, squeeze and drop-path.
#include "ops/conv_norm_act.h"
#include "tests/ops/operator_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

void compare(const Block& block) {
  compare_with_reference(block, ops::ExecutionContext(ops::Kernels::kEffnet));
}

}  // namespace

TEST_CASE("MBConv: shapes from one pixel up, tails of channels, both strides and kernels") {
  torch::manual_seed(1);
  for (const int size : {1, 2, 3, 7, 10}) {
    for (const int kernel : {3, 5, 7}) {
      for (const int stride : {1, 2})
        compare({.batch = size == 1 ? 64 : 5,
                 .in = 12,
                 .expand = 3,
                 .out = 12,
                 .kernel = kernel,
                 .stride = stride,
                 .height = size,
                 .width = size});
    }
  }
  for (const int channels : {1, 8, 24, 40, 112})
    compare(
        {.batch = 3, .in = channels, .expand = 2, .out = channels, .squeeze = 1, .height = 5, .width = 9});
}

TEST_CASE("MBConv: with and without expansion, squeeze, residual, drop-path") {
  torch::manual_seed(2);
  for (const int expand : {1, 6}) {
    for (const int squeeze : {0, 3}) {
      for (const int out : {8, 20}) {
        compare({.batch = 4, .expand = expand, .out = out, .squeeze = squeeze});
        compare({.batch = 4, .expand = expand, .out = out, .squeeze = squeeze, .drop = true});
        compare({.batch = 4,
                 .expand = expand,
                 .out = out,
                 .squeeze = squeeze,
                 .stride = 2,
                 .padding = Padding::kSymmetric});
      }
    }
  }
}

TEST_CASE("MBConv: every activation, and the depthwise-separable block") {
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

TEST_CASE("MBConv: pictures too large for one tile") {
  torch::manual_seed(4);
  compare({.batch = 1, .in = 16, .expand = 6, .out = 16, .squeeze = 4, .height = 40, .width = 40});
  compare({.batch = 2,
           .in = 16,
           .expand = 6,
           .out = 24,
           .squeeze = 0,
           .kernel = 5,
           .stride = 2,
           .height = 61,
           .width = 83,
           .drop = false});
  compare(
      {.batch = 2, .in = 32, .expand = 1, .out = 16, .squeeze = 8, .height = 56, .width = 56, .drop = true});
}

TEST_CASE("MBConv: large maps of few channels, whose expanded map is made again") {
  torch::manual_seed(7);
  for (const int stride : {1, 2}) {
    for (const int kernel : {3, 5}) {
      for (const int channels : {3, 5, 12})  // 9, 15 and 36 expanded channels: tails of vectors
        compare({.batch = 3,
                 .in = channels,
                 .expand = 3,
                 .out = channels,
                 .squeeze = 1,
                 .kernel = kernel,
                 .stride = stride,
                 .height = 19,
                 .width = 17});
      compare({.batch = 2,
               .in = 12,
               .expand = 3,
               .out = 20,
               .squeeze = 0,
               .kernel = kernel,
               .stride = stride,
               .height = 17,
               .width = 16,
               .padding = Padding::kSymmetric});
    }
  }
}

// Batch norm takes back whatever a weight from one channel scales, so the exact gradient is nearly nothing and float's is
// mostly rounding, the reference's too.
TEST_CASE(
    "MBConv: the weights of an expansion of one channel get as exact a gradient as the reference gives") {
  double ours = 0, reference = 0;
  for (const int size : {17, 24, 40}) {
    for (int seed = 1; seed <= 6; ++seed) {
      torch::manual_seed(seed);
      const Block block{
          .batch = 3, .in = 1, .expand = 3, .out = 1, .squeeze = 1, .height = size, .width = size};
      const Tensor x = random_map(3, 1, size, size), out_gradient = torch::randn_like(x);
      const ops::MBConvWeights weights = weights_of(block), wide = in_double(weights);
      const ops::ExecutionContext context(ops::Kernels::kEffnet);
      const auto gradient = [&](const Tensor& weight, const std::function<Tensor()>& forward) {
        weight.requires_grad_();
        return torch::autograd::grad({forward()}, {weight}, {out_gradient.to(weight.scalar_type())})[0].to(
            torch::kDouble);
      };
      const Tensor exact = gradient(wide.expand, [&] {
        return ops::reference::mbconv(x.to(torch::kDouble), wide, {}, {}, ops::Mode::kTrain);
      });
      const auto error = [&](const Tensor& of) { return (of - exact).abs().max().item<double>(); };
      ours += error(gradient(weights.expand,
                             [&] { return ops::mbconv(x, weights, {}, {}, ops::Mode::kTrain, context); }));
      reference += error(gradient(
          weights.expand, [&] { return ops::reference::mbconv(x, weights, {}, {}, ops::Mode::kTrain); }));
    }
  }
  CHECK(ours < 2 * reference);
}

TEST_CASE("MBConv: an input far from zero does not cancel in the statistics of a map made again") {
  torch::manual_seed(8);
  const Block block{.batch = 2, .in = 6, .expand = 4, .out = 10, .squeeze = 0, .height = 18, .width = 18};
  const ops::MBConvWeights weights = weights_of(block), exact = in_double(weights);
  const Tensor x = (random_map(2, 6, 18, 18) + 100).contiguous(at::MemoryFormat::ChannelsLast);
  const ops::ExecutionContext context(ops::Kernels::kEffnet);
  ops::mbconv(x, weights, {}, {}, ops::Mode::kTrain, context);
  ops::reference::mbconv(x.to(torch::kDouble), exact, {}, {}, ops::Mode::kTrain);
  CHECK(relative_error(weights.expand_norm.running_mean, exact.expand_norm.running_mean) < 1e-5);
  CHECK(relative_error(weights.expand_norm.running_var, exact.expand_norm.running_var) < 1e-5);
}

TEST_CASE("convolution, batch norm, activation: dense kernels, strides, tails, patches at the border") {
  torch::manual_seed(5);
  for (const int kernel : {1, 3, 5}) {
    for (const int stride : {1, 2, 3}) {
      for (const auto& [in, out] : {std::pair{1, 16}, {3, 20}, {16, 8}, {40, 1}}) {
        for (const int size : {1, 5, 8}) {
          for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
            INFO("k" << kernel << " s" << stride << " " << in << "-" << out << " size " << size);
            const Tensor x = random_map(size == 1 ? 40 : 4, in, size, size + 1);
            const Tensor weight = (torch::randn({out, in, kernel, kernel}) / std::sqrt(in * kernel * kernel))
                                      .contiguous(at::MemoryFormat::ChannelsLast);
            compare_conv_with_reference(x, weight, {stride, 1, padding, Activation::kSilu},
                                        ops::ExecutionContext(ops::Kernels::kEffnet), 2e-3);
          }
        }
      }
    }
  }
}

TEST_CASE("batch norm of values far from zero keeps its digits") {
  torch::manual_seed(7);
  // Mean 3000, spread about 4: a sum of squares in float would lose the variance, rounding the values alone costs 1e-4.
  const Tensor x = random_map(4, 16, 6, 6) + 3000, weight = torch::rand({16, 16, 1, 1});
  const ops::BatchNorm n = random_norm(16), exact_norm = in_double(n);
  const ops::ConvNormActParams params{.activation = Activation::kSilu};
  const ops::ExecutionContext context(ops::Kernels::kEffnet);
  const Tensor y = ops::conv_norm_act(x, weight, n, params, ops::Mode::kTrain, context);
  const Tensor exact = ops::reference::conv_norm_act(x.to(torch::kDouble), weight.to(torch::kDouble),
                                                     exact_norm, params, ops::Mode::kTrain);
  CHECK(relative_error(y, exact) < 5e-3);
  CHECK(relative_error(n.running_var, exact_norm.running_var) < 5e-3);
}

TEST_CASE("what has no kernel is the reference's, and is noted once") {
  const ops::ExecutionContext context;
  const Tensor x = random_map(2, 8, 4, 4), weight = torch::randn({8, 4, 3, 3});
  for (int i = 0; i < 2; ++i) {
    const Tensor y = ops::conv_norm_act(x, weight, random_norm(8), {.groups = 2}, ops::Mode::kTrain, context);
    CHECK(y.sizes() == x.sizes());
  }
  REQUIRE(context.fallbacks().size() == 1);
  CHECK(context.fallbacks().begin()->find("groups") != std::string::npos);
}

TEST_CASE("a training batch of one value a channel is refused as LibTorch refuses it") {
  const Block block{.batch = 1, .height = 1, .width = 1};
  const ops::ExecutionContext context;
  CHECK_THROWS_AS(ops::mbconv(random_map(1, 8, 1, 1), weights_of(block), {.residual = true}, {},
                              ops::Mode::kTrain, context),
                  c10::Error);
}

TEST_CASE("the result does not depend on the number of threads") {
  torch::manual_seed(6);
  const Block block{.batch = 37, .in = 16, .out = 16, .squeeze = 4, .kernel = 5, .height = 9, .width = 9};
  const Tensor x = random_map(37, 16, 9, 9);
  const ops::MBConvWeights weights = weights_of(block);
  const auto once = [&](int threads) {
    at::set_num_threads(threads);
    const ops::ExecutionContext context;
    return run([&] { return ops::mbconv(x, weights, {.residual = true}, {}, ops::Mode::kTrain, context); },
               leaves_of(x, weights), torch::ones_like(x), {});
  };
  const Named one = once(1), three = once(3);
  at::set_num_threads(1);
  for (std::size_t i = 0; i < one.size(); ++i) {
    INFO(one[i].first);
    CHECK(torch::equal(one[i].second, three[i].second));
  }
}
