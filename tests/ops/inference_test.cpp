// Inference of whole nets (ops/inference.h) against the module path of ops::reference in double: every variant of a
// block, sizes down to one pixel, any number of threads, and never with weights of yesterday.
#include "ops/inference.h"

#include <ATen/Parallel.h>

#include "tests/support/catch.h"

using namespace effnet;
using kernels::Activation;
using kernels::Padding;
using ops::NetTerms;
using torch::Tensor;

namespace {

Tensor random(at::IntArrayRef shape, double fan_in) {
  return (torch::randn(shape) / std::sqrt(fan_in)).contiguous(at::MemoryFormat::ChannelsLast);
}

ops::BatchNorm norm(std::int64_t channels) {
  return {torch::rand({channels}) + 0.5,
          torch::randn({channels}) * 0.3,
          torch::randn({channels}) * 0.2,
          torch::rand({channels}) + 0.5,
          1e-3,
          0.1};
}

struct Block {
  int in = 8, expand = 4, out = 8, squeeze = 2, kernel = 3, stride = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kSilu;
};

NetTerms::Conv conv(int in, int out, int kernel, int stride, Padding padding,
                    Activation activation = Activation::kSilu) {
  return {
      random({out, in, kernel, kernel}, in * kernel * kernel), norm(out), {stride, 1, padding, activation}};
}

NetTerms::MBConv mbconv(const Block& b) {
  const int wide = b.in * b.expand;
  ops::MBConvWeights w;
  if (b.expand != 1) {
    w.expand = random({wide, b.in, 1, 1}, b.in);
    w.expand_norm = norm(wide);
  }
  w.depthwise = random({wide, 1, b.kernel, b.kernel}, b.kernel * b.kernel);
  w.depthwise_norm = norm(wide);
  if (b.squeeze > 0) {
    w.reduce = torch::randn({b.squeeze, wide, 1, 1}) / std::sqrt(wide);
    w.reduce_bias = torch::randn({b.squeeze});
    w.gate = torch::randn({wide, b.squeeze, 1, 1}) / std::sqrt(b.squeeze);
    w.gate_bias = torch::randn({wide});
  }
  w.project = random({b.out, wide, 1, 1}, wide);
  w.project_norm = norm(b.out);
  return {w, {b.stride, b.padding, b.activation, Activation::kIdentity, b.stride == 1 && b.in == b.out}};
}

template <class Layer>
NetTerms net(const NetTerms::Conv& stem, const Layer& layer, int features) {
  NetTerms terms;
  terms.layers = {stem, layer};
  terms.classifier_weight = torch::randn({7, features}) / std::sqrt(features);
  terms.classifier_bias = torch::randn({7});
  return terms;
}

Tensor wide(const Tensor& t) {
  return t.defined() ? t.to(torch::kDouble) : t;
}
ops::BatchNorm wide(const ops::BatchNorm& n) {
  return {wide(n.weight), wide(n.bias), wide(n.running_mean), wide(n.running_var), n.eps, n.momentum};
}
ops::MBConvWeights wide(const ops::MBConvWeights& w) {
  return {wide(w.expand),         wide(w.depthwise),   wide(w.reduce),  wide(w.reduce_bias),
          wide(w.gate),           wide(w.gate_bias),   wide(w.project), wide(w.expand_norm),
          wide(w.depthwise_norm), wide(w.project_norm)};
}

Tensor exact(const NetTerms::Conv& of, const Tensor& x) {
  const Tensor y =
      ops::reference::conv_norm_act(x, wide(of.weight), wide(of.norm), of.params, ops::Mode::kEval);
  return of.residual ? y + x : y;
}
Tensor exact(const NetTerms::MBConv& of, const Tensor& x) {
  return ops::reference::mbconv(x, wide(of.weights), of.params, {}, ops::Mode::kEval);
}
Tensor exact(const NetTerms::Fused& of, const Tensor& x) {
  const Tensor y = exact(of.project, exact(of.expand, x));
  return of.residual ? y + x : y;
}

Tensor exact(const NetTerms& terms, const Tensor& pictures) {
  Tensor x = wide(pictures);
  for (const auto& layer : terms.layers) x = std::visit([&](const auto& of) { return exact(of, x); }, layer);
  return at::linear(x.mean({2, 3}), wide(terms.classifier_weight), wide(terms.classifier_bias));
}

// Of the largest logit.
double relative_error(const Tensor& ours, const Tensor& reference) {
  return (wide(ours) - reference).abs().max().item<double>() / reference.abs().max().item<double>();
}

// A few times the largest error of one rounding, 2^-8: maps and weights of a few layers are rounded, sums are not.
constexpr double kBFloat16Error = 0.03;

void compare(const NetTerms& terms, at::IntArrayRef pictures) {
  const torch::NoGradGuard no_grad;
  const ops::ExecutionContext context(ops::Kernels::kEffnet);
  const Tensor x = torch::randn(pictures).contiguous(at::MemoryFormat::ChannelsLast);
  ops::PreparedNet prepared;
  const Tensor ours = prepared.run(terms, x, context);
  REQUIRE(ours.defined());
  CHECK(relative_error(ours, exact(terms, x)) < 1e-5);
  prepared.use(cpu::Precision::kBFloat16);
  const double error = relative_error(prepared.run(terms, x, context), exact(terms, x));
  CHECK(error < kBFloat16Error);
  CHECK(error > 1e-6);  // another computation than that in float
}

void compare(const Block& b, int height, int width) {
  INFO("channels " << b.in << "-" << b.in * b.expand << "-" << b.out << " squeeze " << b.squeeze << " k"
                   << b.kernel << " s" << b.stride << " " << height << "x" << width);
  compare(net(conv(3, b.in, 3, 1, b.padding), mbconv(b), b.out), {2, 3, height, width});
}

}  // namespace

TEST_CASE("inference: MBConv of every kernel, stride, padding and size of map") {
  torch::manual_seed(1);
  for (const int kernel : {3, 5, 7}) {
    for (const int stride : {1, 2}) {
      for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
        for (const auto& [height, width] : {std::pair{1, 1}, {2, 2}, {1, 3}, {7, 6}, {12, 19}})
          compare({.in = 12, .out = 12, .kernel = kernel, .stride = stride, .padding = padding}, height,
                  width);
      }
    }
  }
}

TEST_CASE("inference: MBConv with tails of channels, many groups, with and without expansion and squeeze") {
  torch::manual_seed(2);
  for (const int channels : {1, 8, 24, 40, 100}) {
    for (const int squeeze : {0, 5}) {
      for (const int expand : {1, 6}) {
        compare({.in = channels, .expand = expand, .out = channels, .squeeze = squeeze}, 5, 9);
        compare({.in = channels, .expand = expand, .out = 20, .squeeze = squeeze, .kernel = 5, .stride = 2},
                11, 8);
      }
    }
  }
  compare({.in = 16, .expand = 6, .out = 24, .squeeze = 4}, 60, 112);
}

TEST_CASE("inference: every activation") {
  torch::manual_seed(3);
  for (const Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kRelu6,
                                      Activation::kSilu, Activation::kHardSwish}) {
    compare({.activation = activation}, 6, 7);
    compare(net(conv(3, 20, 3, 2, Padding::kSame, activation), conv(20, 50, 1, 1, Padding::kSame, activation),
                50),
            {3, 3, 9, 9});
  }
}

TEST_CASE("inference: convolutions and fused blocks, with residuals") {
  torch::manual_seed(4);
  for (const int kernel : {1, 3, 5}) {
    for (const int stride : {1, 2, 3}) {
      for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
        for (const int size : {1, 2, 9}) {
          INFO("k" << kernel << " s" << stride << " size " << size);
          NetTerms::Conv second = conv(20, 20, kernel, stride, padding);
          second.residual = stride == 1;
          compare(net(conv(1, 20, kernel, stride, padding), second, 20), {2, 1, size, size + 1});
          const NetTerms::Fused fused{conv(20, 70, kernel, stride, padding), conv(70, 20, 1, 1, padding),
                                      stride == 1};
          compare(net(conv(3, 20, 3, 1, padding), fused, 20), {2, 3, size, size + 1});
        }
      }
    }
  }
}

TEST_CASE("inference: the same bits with any number of threads and pictures beside") {
  torch::manual_seed(5);
  const torch::NoGradGuard no_grad;
  NetTerms terms =
      net(conv(3, 32, 3, 2, Padding::kSame), mbconv({.in = 32, .expand = 1, .out = 16, .squeeze = 8}), 64);
  terms.layers.push_back(mbconv({.in = 16, .expand = 6, .out = 24, .squeeze = 4, .kernel = 5, .stride = 2}));
  terms.layers.push_back(mbconv({.in = 24, .expand = 6, .out = 24, .squeeze = 6}));
  terms.layers.push_back(conv(24, 64, 1, 1, Padding::kSame));
  const Tensor pictures = torch::randn({5, 3, 61, 47});
  const int before = at::get_num_threads();
  const ops::ExecutionContext context;
  for (const cpu::Precision precision : {cpu::Precision::kFloat, cpu::Precision::kBFloat16}) {
    ops::PreparedNet prepared;
    prepared.use(precision);
    at::set_num_threads(1);
    const Tensor together = prepared.run(terms, pictures, context);
    for (const int threads : {1, 2, 3, 8}) {
      at::set_num_threads(threads);
      CHECK(torch::equal(prepared.run(terms, pictures, context), together));
      for (std::int64_t n = 0; n < 5; ++n)
        CHECK(torch::equal(prepared.run(terms, pictures.narrow(0, n, 1), context), together.narrow(0, n, 1)));
    }
    CHECK(prepared.preparations() == 1);
    CHECK(relative_error(together, exact(terms, pictures)) <
          (precision == cpu::Precision::kFloat ? 1e-5 : kBFloat16Error));
  }
  at::set_num_threads(before);
}

TEST_CASE("inference: weights are prepared anew after any change, and only then") {
  torch::manual_seed(6);
  const torch::NoGradGuard no_grad;
  NetTerms terms = net(conv(3, 8, 3, 2, Padding::kSame), mbconv({}), 8);
  const ops::ExecutionContext context;
  const Tensor pictures = torch::randn({2, 3, 8, 8});
  ops::PreparedNet prepared;
  const auto check = [&](int preparations) {
    CHECK(relative_error(prepared.run(terms, pictures, context), exact(terms, pictures)) < 1e-5);
    CHECK(prepared.preparations() == preparations);
  };
  check(1);
  check(1);
  auto& block = std::get<NetTerms::MBConv>(terms.layers[1]);
  block.weights.project.mul_(1.5);
  check(2);
  block.weights.depthwise_norm.running_mean.add_(1);
  check(3);
  block.weights.expand.data().mul_(0.5);  // not counted by LibTorch
  check(4);
  terms.classifier_weight = torch::randn({7, 8});  // another tensor
  check(5);
  terms.classifier_bias.set_data(torch::randn({7}));
  check(6);
  prepared.use(cpu::Precision::kFloat);  // as it was
  check(6);
  prepared.use(cpu::Precision::kBFloat16);
  CHECK(relative_error(prepared.run(terms, pictures, context), exact(terms, pictures)) > 1e-5);
  prepared.use(cpu::Precision::kFloat);
  check(8);
}

TEST_CASE("inference: what has no kernels is left to others, and noted") {
  const NetTerms terms = net(conv(3, 8, 3, 2, Padding::kSame), mbconv({.kernel = 3}), 8);
  const Tensor pictures = torch::randn({2, 3, 8, 8});
  const ops::ExecutionContext context;
  ops::PreparedNet prepared;
  CHECK_FALSE(prepared.run(terms, pictures, context).defined());  // gradients are on
  const torch::NoGradGuard no_grad;
  CHECK_FALSE(prepared.run(terms, pictures.to(torch::kDouble), context).defined());
  CHECK_FALSE(prepared.run(net(conv(3, 8, 3, 2, Padding::kSame), mbconv({.kernel = 9}), 8), pictures, context)
                  .defined());
  CHECK(context.fallbacks().size() == 2);
}
