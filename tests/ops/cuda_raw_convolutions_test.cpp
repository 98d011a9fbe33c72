// Raw maps between convolutions on CUDA (ops/map.h), run by the emulator: a chain of every kind has the values, running
// statistics and gradients of the reference path in double.
#include "cuda/conv_norm_act.h"
#include "tests/ops/operator_example.h"
#include "tests/support/catch.h"
#include "tests/support/emulated_context.h"

using namespace effnet;
using namespace effnet::tests;
using ops::Finish;
using ops::Mode;

namespace {

constexpr ops::MBConvParams kResidual{.residual = true};

// Convolutions one behind the other, each reading raw what the one before left: a stem, dense ones of both strides, a 1x1,
// a strided 1x1; then a residual block.
struct Convolutions {
  Tensor pictures;
  std::vector<Tensor> weights;
  std::vector<ops::BatchNorm> norms;
  ops::MBConvWeights block;

  static constexpr ops::ConvNormActParams kParams[] = {
      {.stride = 2, .activation = Activation::kSilu},
      {.activation = Activation::kSilu},
      {.stride = 2, .padding = Padding::kSymmetric, .activation = Activation::kHardSwish},
      {.activation = Activation::kSilu},
      {.stride = 2}};

  static Convolutions random(at::ScalarType maps) {
    const auto weight = [](int out, int in, int kernel) {
      return (torch::randn({out, in, kernel, kernel}) / std::sqrt(in * kernel * kernel))
          .contiguous(at::MemoryFormat::ChannelsLast);
    };
    return {random_map(6, 3, 22, 19).to(maps),
            {weight(8, 3, 3), weight(24, 8, 3), weight(16, 24, 5), weight(32, 16, 1), weight(16, 32, 1)},
            {random_norm(8), random_norm(24), random_norm(16), random_norm(32), random_norm(16)},
            weights_of({.in = 16, .expand = 2, .out = 16})};
  }

  Convolutions in_double() const {
    Convolutions exact{pictures.to(torch::kDouble), {}, {}, tests::in_double(block)};
    for (const Tensor& weight : weights) exact.weights.push_back(weight.to(torch::kDouble));
    for (const ops::BatchNorm& norm : norms) exact.norms.push_back(tests::in_double(norm));
    return exact;
  }

  Named leaves() const {
    Named all = leaves_of({}, block);
    all.erase(all.begin());  // x is raw
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const std::string name = "convolution " + std::to_string(i);
      all.insert(all.end(), {{name, weights[i]},
                             {name + " norm weight", norms[i].weight},
                             {name + " norm bias", norms[i].bias}});
    }
    return all;
  }

  std::vector<ops::BatchNorm> all_norms() const {
    std::vector<ops::BatchNorm> all = norms;
    all.insert(all.end(), {block.expand_norm, block.depthwise_norm, block.project_norm});
    return all;
  }
};

Tensor through_raw_maps(const Convolutions& net, Mode mode, const ops::ExecutionContext& context) {
  ops::Map x{net.pictures};
  for (std::size_t i = 0; i < net.weights.size(); ++i) {
    x = ops::conv_norm_act(x, net.weights[i], net.norms[i], Convolutions::kParams[i], mode, context,
                           Finish::kWhereNeeded);
    CHECK(x.raw());
  }
  return ops::mbconv(x, net.block, kResidual, {}, mode, context, Finish::kAlways).values;
}

Tensor by_reference(const Convolutions& net, Mode mode) {
  Tensor x = net.pictures;
  for (std::size_t i = 0; i < net.weights.size(); ++i)
    x = ops::reference::conv_norm_act(x, net.weights[i], net.norms[i], Convolutions::kParams[i], mode);
  return ops::reference::mbconv(x, net.block, kResidual, {}, mode);
}

}  // namespace

TEST_CASE("raw maps: convolutions of every kind in a chain are the reference's, values and all gradients") {
  torch::manual_seed(5);
  const ops::ExecutionContext context = emulated();
  for (const auto& [maps, tolerance] : {std::pair{torch::kFloat, 2e-4}, {torch::kBFloat16, 0.1}}) {
    INFO(c10::toString(maps));
    const Convolutions net = Convolutions::random(maps), exact = net.in_double();
    const Tensor gradient = torch::randn_like(by_reference(net.in_double(), Mode::kEval));
    const Named ours = run([&] { return through_raw_maps(net, Mode::kTrain, context); }, net.leaves(),
                           gradient, net.all_norms());
    const Named wanted =
        run([&] { return by_reference(exact, Mode::kTrain); }, exact.leaves(), gradient, exact.all_norms());
    check_all(ours, wanted, tolerance);
  }
  CHECK(context.fallbacks().empty());
}

TEST_CASE("raw maps: evaluated convolutions apply the running statistics") {
  torch::manual_seed(6);
  const torch::NoGradGuard no_grad;
  for (const auto& [maps, tolerance] : {std::pair{torch::kFloat, 1e-5}, {torch::kBFloat16, 0.05}}) {
    const Convolutions net = Convolutions::random(maps);
    CHECK(relative_error(through_raw_maps(net, Mode::kEval, emulated()),
                         by_reference(net.in_double(), Mode::kEval)) < tolerance);
  }
}

TEST_CASE("raw maps: convolutions on CUDA take them, with any activation; stems, groups and the CPU do not") {
  const Tensor pictures = random_map(2, 3, 6, 6), stem = torch::ones({8, 3, 3, 3});
  const Tensor dense = torch::ones({8, 16, 3, 3}), product = torch::ones({24, 16, 1, 1});
  const auto takes = [&](const Tensor& weight, const ops::ConvNormActParams& params,
                         const ops::ExecutionContext& context) {
    return ops::takes_raw(weight, params, Mode::kTrain, context, pictures);
  };
  CHECK(takes(dense, {.stride = 2}, emulated()));
  CHECK(takes(product, {}, emulated()));
  CHECK_FALSE(takes(stem, {}, emulated()));
  CHECK_FALSE(takes(torch::ones({16, 8, 3, 3}), {.groups = 2}, emulated()));
  CHECK_FALSE(takes(torch::ones({8, 12, 3, 3}), {}, emulated()));  // no multiple of 8
  CHECK_FALSE(takes(dense, {}, ops::ExecutionContext()));
  const ops::Map raw{pictures, torch::ones({5, 3}), Activation::kSilu};
  CHECK_THROWS_AS(
      ops::conv_norm_act(raw, stem, random_norm(8), {}, Mode::kTrain, emulated(), Finish::kAlways),
      c10::Error);
}

TEST_CASE("raw maps: a stem's list of kernels is refused one") {
  float memory = 0;
  const cuda::ConvNormActForward forward{.shape = {.batch = 1,
                                                   .in_channels = 3,
                                                   .out_channels = 8,
                                                   .height = 4,
                                                   .width = 4,
                                                   .out_height = 4,
                                                   .out_width = 4,
                                                   .kernel = 3,
                                                   .pad_top = 1,
                                                   .pad_left = 1},
                                         .raw_x = {cuda::NormState::in(&memory, 0), Activation::kSilu}};
  cuda::Carver counter(nullptr);
  CHECK_THROWS_AS(cuda::work_of(forward, counter), std::invalid_argument);
  CHECK_THROWS_AS(cuda::work_of(cuda::ConvNormActBackward{.forward = forward}, counter),
                  std::invalid_argument);
}
