// Optimizers, moving average and loss against numbers worked out by hand or by LibTorch's own.
#include "training/optimizer.h"

#include <cmath>

#include "models/net.h"
#include "tests/support/catch.h"
#include "training/ema.h"
#include "training/loss.h"

using namespace effnet;
using Catch::Approx;

namespace {

models::Net tiny_net(std::uint64_t seed = 1) {
  return models::Net(spec::parse_arch("conv_k3_s1_c4 | mb_k3_s1_e2_c4_r1_se0.25 | - | fc3 @3x6 silu", "test"),
                     models::Regularization{}, seed);
}

// Gradients that are the same for all parameters.
void set_gradients(training::FlatState& state, double value) {
  state.gradients.fill_(value);
}

}  // namespace

TEST_CASE("rmsproptf: three steps by hand") {
  models::Net net = tiny_net();
  training::FlatState state(*net);
  spec::Recipe recipe;
  recipe.opt = spec::OptimizerKind::kRmspropTf;
  recipe.weight_decay = 0;
  training::Optimizer optimizer(recipe, state);
  const double before = state.parameters[0].item<double>();
  double ms = 1, mom = 0, p = before;  // TensorFlow starts the mean square at 1
  for (const double g : {0.5, -0.25, 2.0}) {
    set_gradients(state, g);
    optimizer.step(0.1);
    ms = 0.9 * ms + 0.1 * g * g;
    mom = 0.9 * mom + 0.1 * g / std::sqrt(ms + 1e-3);
    p -= mom;
    CHECK(state.parameters[0].item<double>() == Approx(p).epsilon(1e-5));
  }
  // The first step alone, in figures: ms 0.925, step 0.1 * 0.5 / sqrt(0.926).
  CHECK(0.1 * 0.5 / std::sqrt(0.926) == Approx(0.05195986));
}

TEST_CASE("sgd is LibTorch's Nesterov SGD; decay spares batch norm") {
  models::Net ours = tiny_net(), theirs = tiny_net();
  training::FlatState state(*ours);
  spec::Recipe recipe;
  recipe.weight_decay = 0.01;
  training::Optimizer optimizer(recipe, state);
  std::vector<torch::Tensor> decayed, spared;
  for (const auto& item : theirs->named_parameters())
    (item.key().find("bn.") == std::string::npos ? decayed : spared).push_back(item.value());
  const auto options = [](double decay) {
    return std::make_unique<torch::optim::SGDOptions>(
        torch::optim::SGDOptions(0.1).momentum(0.9).nesterov(true).weight_decay(decay));
  };
  torch::optim::SGD reference({{decayed, options(0.01)}, {spared, options(0)}},
                              torch::optim::SGDOptions(0.1));
  CHECK(spared.size() == 8);
  const auto x = torch::randn({4, 3, 6, 6}).contiguous(at::MemoryFormat::ChannelsLast);
  for (int step = 0; step < 4; ++step) {
    state.gradients.zero_();
    ours->forward(x).square().sum().backward();
    optimizer.step(0.1);
    reference.zero_grad();
    theirs->forward(x).square().sum().backward();
    reference.step();
  }
  const auto p = theirs->named_parameters();
  for (const auto& item : ours->named_parameters()) {
    INFO(item.key());
    CHECK(torch::allclose(item.value(), p[item.key()], 1e-4, 1e-5));
  }
}

TEST_CASE("gradients are cut to the largest norm") {
  models::Net net = tiny_net();
  training::FlatState state(*net);
  spec::Recipe recipe;
  recipe.weight_decay = 0;
  recipe.momentum = 0;
  recipe.clip_grad = 2;
  training::Optimizer optimizer(recipe, state);
  const torch::Tensor before = state.parameters.clone();
  set_gradients(state, 5);
  optimizer.step(1);
  CHECK((before - state.parameters).norm().item<double>() == Approx(2).epsilon(1e-4));
}

TEST_CASE("one pass by the project's kernels gives what LibTorch's operators give") {
  torch::manual_seed(5);
  for (const auto optimizer : {spec::OptimizerKind::kSgd, spec::OptimizerKind::kRmspropTf}) {
    spec::Recipe recipe;
    recipe.opt = optimizer;
    recipe.weight_decay = 0.01;
    recipe.clip_grad = 1;
    models::Net nets[] = {tiny_net(), tiny_net()};
    training::FlatState ours(*nets[0]), theirs(*nets[1]);
    training::Optimizer kernel(recipe, ours), reference(recipe, theirs, ops::Kernels::kReference);
    const torch::Tensor average = torch::randn_like(ours.parameters), reference_average = average.clone();
    for (int step = 0; step < 10; ++step) {
      ours.gradients.normal_(0, step < 5 ? 0.01 : 10);  // below and above the largest norm
      theirs.gradients.copy_(ours.gradients);
      kernel.step(0.1, {average, 0.3});
      reference.step(0.1, {reference_average, 0.3});
      CHECK(ours.gradients.abs().max().item<float>() == 0);
    }
    // Ten steps of a few roundings each.
    const double tolerance = 20 * 1.2e-7;
    CHECK(torch::allclose(ours.parameters, theirs.parameters, tolerance, tolerance));
    CHECK(torch::allclose(average, reference_average, tolerance, tolerance));
    for (std::size_t i = 0; i < kernel.tensors().size(); ++i) {
      INFO(kernel.tensors()[i].first);
      CHECK(torch::allclose(kernel.tensors()[i].second, reference.tensors()[i].second, tolerance, tolerance));
    }
  }
}

TEST_CASE("flat state: parameters, gradients and statistics are views of three blocks") {
  const std::int64_t alignment = GENERATE(1, 8);
  models::Net net = tiny_net();
  std::vector<torch::Tensor> before;
  for (const auto& parameter : net->parameters()) before.push_back(parameter.detach().clone());
  training::FlatState state(*net, alignment);
  const auto after = net->parameters();
  for (std::size_t i = 0; i < after.size(); ++i) CHECK(torch::equal(before[i], after[i]));
  // Batch norms' lie behind all others.
  std::int64_t batch_norm = 0, all = 0;
  for (const auto& item : net->named_parameters()) {
    const std::int64_t room = (item.value().numel() + alignment - 1) / alignment * alignment;
    const std::int64_t first =
        item.value().data_ptr<float>() - static_cast<const float*>(state.parameters.data_ptr());
    const bool of_norm = item.key().find("bn.") != std::string::npos;
    CHECK(first % alignment == 0);
    CHECK((first >= state.decayed) == of_norm);
    all += room;
    if (of_norm) batch_norm += room;
  }
  CHECK(state.parameters.numel() == all);
  CHECK(state.decayed == all - batch_norm);
  const torch::NoGradGuard no_grad;
  state.parameters.fill_(3);
  state.buffers.fill_(4);
  for (const auto& parameter : net->parameters()) CHECK((parameter == 3).all().item<bool>());
  for (const auto& buffer : net->buffers()) CHECK((buffer == 4).all().item<bool>());
}

TEST_CASE("the moving average runs over weights and batch norm statistics") {
  models::Net net = tiny_net();
  training::FlatState state(*net);
  training::Ema ema(tiny_net(2), state, 0.999);
  spec::Recipe recipe;
  recipe.weight_decay = 0;
  training::Optimizer optimizer(recipe, state);  // its gradients are 0: it leaves the weights as they are
  const torch::NoGradGuard no_grad;
  state.parameters.fill_(1);
  state.buffers.fill_(1);
  ema.start_from(state);
  state.parameters.fill_(2);
  state.buffers.fill_(3);
  optimizer.step(0.1, ema.parameters_at(8));  // decay (1 + 8) / (10 + 8) = 1/2
  ema.update_statistics(state, optimizer.share());
  CHECK(ema.net()->parameters()[0].flatten()[0].item<double>() == Approx(1.5));
  CHECK(ema.net()->buffers()[0].flatten()[0].item<double>() == Approx(2));
}

TEST_CASE("label smoothing: the mixture of the one-hot and the uniform target") {
  const auto logits = torch::tensor({{2.0, 0.0, -1.0}}), labels = torch::tensor({0}, torch::kLong);
  const double z = std::log(std::exp(2.0) + 1 + std::exp(-1.0));
  const double on_label = z - 2, everywhere = ((z - 2) + z + (z + 1)) / 3;
  CHECK(training::smoothed_cross_entropy(logits, labels, 0.1).item<double>() ==
        Approx(0.9 * on_label + 0.1 * everywhere));
  CHECK(training::smoothed_cross_entropy(logits, labels, 0).item<double>() == Approx(on_label));
}
