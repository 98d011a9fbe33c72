// Raw maps between the operators of CUDA (ops/map.h), run by the emulator: a chain of them has the values, running
// statistics and gradients of the reference path in double.
#include "ops/mean_of_map.h"
#include "tests/ops/operator_example.h"
#include "tests/support/catch.h"
#include "tests/support/emulated_context.h"

using namespace effnet;
using namespace effnet::tests;
using ops::Finish;
using ops::Mode;

namespace {

// As a net of this family begins: stem (raw behind), a block without expansion (raw before and behind), a residual block
// with drop-path that reads its input raw, and one that reads a finished map.
struct Beginning {
  Tensor pictures, stem, keep;
  ops::BatchNorm stem_norm;
  ops::MBConvWeights first, second, third;

  static Beginning random(at::ScalarType maps, bool expands) {
    return {random_map(4, 3, 9, 8).to(maps),
            (torch::randn({8, 3, 3, 3}) / 5).contiguous(at::MemoryFormat::ChannelsLast),
            torch::tensor({1.25F, 0.F, 1.25F, 1.25F}),
            random_norm(8),
            weights_of({.in = 8, .expand = expands ? 3 : 1, .out = 16}),
            weights_of({.in = 16, .expand = expands ? 2 : 1, .out = 16, .kernel = 5}),
            weights_of({.in = 16, .expand = 2, .out = 8, .squeeze = 0})};
  }

  Beginning in_double() const {
    return {pictures.to(torch::kDouble), stem.detach().to(torch::kDouble), keep.to(torch::kDouble),
            tests::in_double(stem_norm), tests::in_double(first),          tests::in_double(second),
            tests::in_double(third)};
  }

  Named leaves() const {
    Named all{{"stem", stem}, {"stem norm weight", stem_norm.weight}, {"stem norm bias", stem_norm.bias}};
    for (const auto& [block, weights] : {std::pair{"first", first}, {"second", second}, {"third", third}}) {
      for (const auto& [name, tensor] : leaves_of({}, weights)) {
        if (tensor.defined()) all.emplace_back(std::string(block) + " " + name, tensor);
      }
    }
    return all;
  }

  std::vector<ops::BatchNorm> norms() const {
    std::vector<ops::BatchNorm> all{stem_norm};
    for (const ops::MBConvWeights* w : {&first, &second, &third}) {
      if (w->expand.defined()) all.push_back(w->expand_norm);
      all.insert(all.end(), {w->depthwise_norm, w->project_norm});
    }
    return all;
  }
};

constexpr ops::ConvNormActParams kStem{.stride = 2, .activation = Activation::kSilu};
constexpr ops::MBConvParams kPlain{}, kResidual{.residual = true};

Tensor through_raw_maps(const Beginning& net, Mode mode, const ops::ExecutionContext& context) {
  const Tensor keep = mode == Mode::kTrain ? net.keep : Tensor();
  ops::Map x = ops::conv_norm_act(ops::Map{net.pictures}, net.stem, net.stem_norm, kStem, mode, context,
                                  Finish::kWhereNeeded);
  CHECK(x.raw());
  x = ops::mbconv(x, net.first, kPlain, {}, mode, context, Finish::kWhereNeeded);
  CHECK(x.raw());
  x = ops::mbconv(x, net.second, kResidual, keep, mode, context, Finish::kWhereNeeded);
  CHECK_FALSE(x.raw());  // a sum
  x = ops::mbconv(x, net.third, kPlain, {}, mode, context, Finish::kAlways);
  CHECK_FALSE(x.raw());
  return x.values;
}

Tensor by_reference(const Beginning& net, Mode mode) {
  const Tensor keep = mode == Mode::kTrain ? net.keep : Tensor();
  Tensor x = ops::reference::conv_norm_act(net.pictures, net.stem, net.stem_norm, kStem, mode);
  x = ops::reference::mbconv(x, net.first, kPlain, {}, mode);
  x = ops::reference::mbconv(x, net.second, kResidual, keep, mode);
  return ops::reference::mbconv(x, net.third, kPlain, {}, mode);
}

}  // namespace

TEST_CASE("raw maps: a chain of operators in training is the reference's, values and all gradients") {
  torch::manual_seed(1);
  const ops::ExecutionContext context = emulated();
  for (const bool expands : {false, true}) {
    INFO("expands " << expands);
    const Beginning net = Beginning::random(torch::kFloat, expands), exact = net.in_double();
    const Tensor gradient = random_map(4, 8, 5, 4);
    const Named ours = run([&] { return through_raw_maps(net, Mode::kTrain, context); }, net.leaves(),
                           gradient, net.norms());
    const Named wanted = run([&] { return by_reference(exact, Mode::kTrain); }, exact.leaves(),
                             gradient.to(torch::kDouble), exact.norms());
    check_all(ours, wanted, 2e-4);
  }
  CHECK(context.fallbacks().empty());
}

TEST_CASE("raw maps: evaluation applies the running statistics") {
  torch::manual_seed(2);
  const torch::NoGradGuard no_grad;
  const Beginning net = Beginning::random(torch::kFloat, true);
  CHECK(relative_error(through_raw_maps(net, Mode::kEval, emulated()),
                       by_reference(net.in_double(), Mode::kEval)) < 1e-5);
}

TEST_CASE("raw maps: in bfloat16 they are no further from double than finished ones") {
  torch::manual_seed(3);
  const ops::ExecutionContext context = emulated();
  const Beginning net = Beginning::random(torch::kBFloat16, true), exact = net.in_double();
  const torch::NoGradGuard no_grad;
  const Tensor wanted = by_reference(exact, Mode::kTrain);
  const auto error = [&](const Tensor& x) {
    return (x.to(torch::kDouble) - wanted).square().mean().sqrt().item<double>();
  };
  const double raw = error(through_raw_maps(net, Mode::kTrain, context));
  Tensor x = ops::conv_norm_act(net.pictures, net.stem, net.stem_norm, kStem, Mode::kTrain, context);
  x = ops::mbconv(x, net.first, kPlain, {}, Mode::kTrain, context);
  x = ops::mbconv(x, net.second, kResidual, net.keep, Mode::kTrain, context);
  const double finished = error(ops::mbconv(x, net.third, kPlain, {}, Mode::kTrain, context));
  CHECK(raw > 0);
  CHECK(raw < 1.3 * finished);
}

TEST_CASE("raw maps: a residual block takes none that an activation has still to pass, the CPU none at all") {
  const ops::MBConvWeights weights = weights_of({.in = 8, .out = 8});
  const Tensor x = random_map(2, 8, 4, 4);
  const auto takes = [&](const ops::MBConvParams& params, Activation activation,
                         const ops::ExecutionContext& context) {
    return ops::takes_raw(weights, params, activation, Mode::kTrain, context, x);
  };
  CHECK(takes(kPlain, Activation::kSilu, emulated()));
  CHECK(takes(kResidual, Activation::kIdentity, emulated()));
  CHECK_FALSE(takes(kResidual, Activation::kSilu, emulated()));
  CHECK_FALSE(takes(kPlain, Activation::kIdentity, ops::ExecutionContext()));
  const ops::Map raw{x, torch::ones({5, 8}), Activation::kSilu};
  CHECK_THROWS_AS(ops::mbconv(raw, weights, kResidual, {}, Mode::kTrain, emulated(), Finish::kAlways),
                  c10::Error);
}

TEST_CASE("raw maps: the mean over the last map, with the gradients of the convolution before") {
  torch::manual_seed(4);
  const ops::ExecutionContext context = emulated();
  constexpr ops::ConvNormActParams kHead{.activation = Activation::kSilu};
  for (const at::ScalarType maps : {torch::kFloat, torch::kBFloat16}) {
    const Tensor x = random_map(3, 24, 5, 4).to(maps), weight = torch::randn({40, 24, 1, 1}) / 5;
    const Tensor exact_x = x.to(torch::kDouble), exact_weight = weight.to(torch::kDouble);
    const ops::BatchNorm norm = random_norm(40), exact_norm = in_double(norm);
    const auto leaves = [](const Tensor& input, const Tensor& kernel, const ops::BatchNorm& of) {
      return Named{{"x", input}, {"weight", kernel}, {"norm weight", of.weight}, {"norm bias", of.bias}};
    };
    const Tensor gradient = torch::randn({3, 40});
    const Named ours = run(
        [&] {
          const ops::Map map = ops::conv_norm_act(ops::Map{x}, weight, norm, kHead, Mode::kTrain, context,
                                                  Finish::kWhereNeeded);
          CHECK(map.raw());
          return ops::mean_of_map(map);
        },
        leaves(x, weight, norm), gradient, {norm});
    const Named exact = run(
        [&] {
          return ops::mean_of_map(
              ops::reference::conv_norm_act(exact_x, exact_weight, exact_norm, kHead, Mode::kTrain));
        },
        leaves(exact_x, exact_weight, exact_norm), gradient.to(torch::kDouble), {exact_norm});
    check_all(ours, exact, maps == torch::kFloat ? 1e-4 : 0.06);
  }
}
