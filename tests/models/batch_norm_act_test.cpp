// Batch norm and activation in one against LibTorch's operators in double, gradients included.
#include "models/batch_norm_act.h"

#include <limits>

#include "models/activation.h"
#include "tests/support/catch.h"

using namespace effnet;

namespace {

constexpr std::array kActivations{spec::Activation::kIdentity, spec::Activation::kRelu,
                                  spec::Activation::kRelu6, spec::Activation::kSilu,
                                  spec::Activation::kHardSwish};

double distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

struct Case {
  std::int64_t batch, channels, size;
  double mean = 0.5, spread = 2;
};

void compare(const Case& c, spec::Activation activation) {
  const auto x = (torch::randn({c.batch, c.channels, c.size, c.size}) * c.spread + c.mean)
                     .contiguous(at::MemoryFormat::ChannelsLast)
                     .requires_grad_();
  const auto weight = torch::rand({c.channels}).add_(0.5).requires_grad_();
  const auto bias = torch::randn({c.channels}).requires_grad_();
  models::NormState norm{weight, bias, torch::randn({c.channels}), torch::rand({c.channels}), 1e-3, 0.1};
  const auto xd = x.detach().to(torch::kDouble).requires_grad_(),
             wd = weight.detach().to(torch::kDouble).requires_grad_(),
             bd = bias.detach().to(torch::kDouble).requires_grad_();
  const auto mean = norm.running_mean.to(torch::kDouble), var = norm.running_var.to(torch::kDouble);
  const auto y_gradient = torch::randn_like(x);

  const auto before = models::batch_norm_act_eval(x, norm, activation);
  CHECK(distance(before, models::activate(at::batch_norm(xd, wd, bd, mean, var, false, 0.1, 1e-3, false),
                                          activation)) < 1e-4 * (c.spread + std::abs(c.mean)));

  REQUIRE(models::supports_batch_norm_act(x));
  const auto ours = models::batch_norm_act_train(x, norm, activation);
  const auto theirs =
      models::activate(at::batch_norm(xd, wd, bd, mean, var, true, 0.1, 1e-3, false), activation);
  const double cancelled =
      1 + std::abs(c.mean) / c.spread / 30;  // digits that scale * x + offset loses in float
  CHECK(distance(ours, theirs) < 2e-5 * cancelled);
  CHECK(distance(norm.running_mean, mean) < 1e-5 * (1 + std::abs(c.mean)));
  CHECK(distance(norm.running_var, var) < 1e-5 * (1 + c.spread * c.spread));
  const auto a = torch::autograd::grad({ours}, {x, weight, bias}, {y_gradient});
  const auto b = torch::autograd::grad({theirs}, {xd, wd, bd}, {y_gradient.to(torch::kDouble)});
  CHECK(distance(a[0], b[0]) < 1e-4 * cancelled);
  const double terms = std::sqrt(static_cast<double>(x.numel() / c.channels));
  CHECK(distance(a[1], b[1]) < 1e-5 * terms * cancelled);
  CHECK(distance(a[2], b[2]) < 1e-5 * terms * cancelled);
}

}  // namespace

TEST_CASE("batch norm and activation equal LibTorch's in double: values, statistics, gradients") {
  torch::manual_seed(8);
  for (const auto activation : kActivations) {
    for (const Case& c : {Case{2, 1, 1}, Case{4, 3, 5}, Case{2, 16, 7}, Case{8, 24, 4}, Case{3, 300, 2},
                          Case{1, 6, 40}, Case{4, 8, 6, 300, 1}}) {
      INFO("activation " << spec::to_text(activation) << " C " << c.channels << " size " << c.size);
      // At the kinks of ReLU and ReLU6 float and double may fall on different sides; the seed avoids it.
      compare(c, activation);
    }
  }
}

TEST_CASE("large arguments stay finite, NaN and infinity are not hidden") {
  const auto inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const auto apply = [&](std::vector<float> values, spec::Activation activation) {
    const auto x = torch::tensor(values).view({1, 1, -1, 1}).contiguous(at::MemoryFormat::ChannelsLast);
    const models::NormState norm{
        torch::ones({1}), torch::zeros({1}), torch::zeros({1}), torch::ones({1}), 0, 0.1};
    return models::batch_norm_act_eval(x, norm, activation).flatten();
  };
  const auto silu = apply({-1e30f, -200, -88, 88, 200, 1e30f}, spec::Activation::kSilu);
  CHECK(silu.isfinite().all().item<bool>());
  CHECK(silu[0].item<float>() <= 0);
  CHECK(silu[2].item<float>() == Catch::Approx(0).margin(1e-30));
  CHECK(silu[4].item<float>() == 200);
  for (const auto activation : kActivations) {
    INFO(spec::to_text(activation));
    CHECK(apply({nan, 1, 2}, activation)[0].isnan().item<bool>());
  }
  CHECK_FALSE(apply({inf, 1}, spec::Activation::kSilu)[0].isfinite().item<bool>());
}

TEST_CASE("the result does not depend on the number of threads") {
  const auto x = torch::randn({8, 12, 9, 9}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto run = [&](int threads) {
    at::set_num_threads(threads);
    models::NormState norm{
        torch::ones({12}), torch::zeros({12}), torch::zeros({12}), torch::ones({12}), 1e-3, 0.1};
    return models::batch_norm_act_train(x, norm, spec::Activation::kSilu);
  };
  const auto one = run(1), three = run(3);
  at::set_num_threads(1);
  CHECK(torch::equal(one, three));
}
