#include "tests/ops/operator_example.h"

#include "tests/support/catch.h"

namespace effnet::tests {
namespace {

std::string text(const Block& b) {
  std::ostringstream s;
  s << "batch " << b.batch << " " << b.height << "x" << b.width << " channels " << b.in << "-"
    << b.in * b.expand << "-" << b.out << " squeeze " << b.squeeze << " k" << b.kernel << " s" << b.stride
    << " act " << static_cast<int>(b.activation) << (b.padding == Padding::kSame ? "" : " symmetric")
    << (b.drop ? " drop" : "");
  return s.str();
}

std::vector<ops::BatchNorm> norms_of(const ops::MBConvWeights& w) {
  std::vector<ops::BatchNorm> norms{w.depthwise_norm, w.project_norm};
  if (w.expand.defined()) norms.push_back(w.expand_norm);
  return norms;
}

}  // namespace

Tensor random_map(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return torch::randn({n, c, h, w}).contiguous(at::MemoryFormat::ChannelsLast);
}

ops::BatchNorm random_norm(std::int64_t channels) {
  return {torch::rand({channels}) + 0.5,
          torch::randn({channels}) * 0.3,
          torch::randn({channels}),
          torch::rand({channels}) + 0.5,
          1e-3,
          0.1};
}

ops::BatchNorm in_double(const ops::BatchNorm& n) {
  const auto wide = [](const Tensor& t) { return t.defined() ? t.detach().to(torch::kDouble) : t; };
  return {wide(n.weight), wide(n.bias), wide(n.running_mean), wide(n.running_var), n.eps, n.momentum};
}

double relative_error(const Tensor& ours, const Tensor& exact) {
  const Tensor wide = ours.detach().to(torch::kDouble);
  const double size = exact.abs().max().item<double>();
  return (wide - exact.detach()).abs().max().item<double>() / std::max(size, 0.1);
}

void check_all(const Named& ours, const Named& exact, double tolerance) {
  REQUIRE(ours.size() == exact.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    INFO(ours[i].first);
    REQUIRE(ours[i].second.sizes() == exact[i].second.sizes());
    CHECK(relative_error(ours[i].second, exact[i].second) < tolerance);
  }
}

Named run(const std::function<Tensor()>& forward, const Named& leaves, const Tensor& out_gradient,
          const std::vector<ops::BatchNorm>& norms) {
  for (const auto& [name, leaf] : leaves) leaf.requires_grad_();
  const Tensor out = forward();
  std::vector<Tensor> inputs;
  for (const auto& [name, leaf] : leaves) inputs.push_back(leaf);
  const auto gradients = torch::autograd::grad({out}, inputs, {out_gradient.to(out.scalar_type())});
  Named result{{"out", out}};
  for (std::size_t i = 0; i < leaves.size(); ++i)
    result.emplace_back("gradient of " + leaves[i].first, gradients[i]);
  for (const ops::BatchNorm& n : norms) {
    result.emplace_back("running mean", n.running_mean);
    result.emplace_back("running var", n.running_var);
  }
  return result;
}

ops::MBConvWeights weights_of(const Block& b) {
  const std::int64_t wide = b.in * b.expand;
  const auto random = [](at::IntArrayRef shape, double fan_in) {
    return (torch::randn(shape) / std::sqrt(fan_in)).contiguous(at::MemoryFormat::ChannelsLast);
  };
  ops::MBConvWeights w;
  if (b.expand != 1) {
    w.expand = random({wide, b.in, 1, 1}, b.in);
    w.expand_norm = random_norm(wide);
  }
  w.depthwise = random({wide, 1, b.kernel, b.kernel}, b.kernel * b.kernel);
  w.depthwise_norm = random_norm(wide);
  if (b.squeeze > 0) {
    w.reduce = random({b.squeeze, wide, 1, 1}, wide);
    w.reduce_bias = torch::randn({b.squeeze});
    w.gate = random({wide, b.squeeze, 1, 1}, b.squeeze);
    w.gate_bias = torch::randn({wide});
  }
  w.project = random({b.out, wide, 1, 1}, wide);
  w.project_norm = random_norm(b.out);
  return w;
}

ops::MBConvWeights in_double(const ops::MBConvWeights& w) {
  const auto wide = [](const Tensor& t) { return t.defined() ? t.detach().to(torch::kDouble) : t; };
  return {wide(w.expand),
          wide(w.depthwise),
          wide(w.reduce),
          wide(w.reduce_bias),
          wide(w.gate),
          wide(w.gate_bias),
          wide(w.project),
          in_double(w.expand_norm),
          in_double(w.depthwise_norm),
          in_double(w.project_norm)};
}

Named leaves_of(const Tensor& x, const ops::MBConvWeights& w) {
  Named leaves{{"x", x}};
  for (const auto& [name, tensor] : Named{{"expand", w.expand},
                                          {"expand norm weight", w.expand_norm.weight},
                                          {"expand norm bias", w.expand_norm.bias},
                                          {"depthwise", w.depthwise},
                                          {"depthwise norm weight", w.depthwise_norm.weight},
                                          {"depthwise norm bias", w.depthwise_norm.bias},
                                          {"reduce", w.reduce},
                                          {"reduce bias", w.reduce_bias},
                                          {"gate", w.gate},
                                          {"gate bias", w.gate_bias},
                                          {"project", w.project},
                                          {"project norm weight", w.project_norm.weight},
                                          {"project norm bias", w.project_norm.bias}}) {
    if (tensor.defined()) leaves.emplace_back(name, tensor);
  }
  return leaves;
}

void compare_with_reference(const Block& b, const ops::ExecutionContext& context, at::ScalarType type,
                            const Tolerances& within) {
  INFO(text(b) << " " << c10::toString(type));
  const Tensor x = random_map(b.batch, b.in, b.height, b.width).to(type);
  const ops::MBConvWeights weights = weights_of(b), exact_weights = in_double(weights);
  const Tensor exact_x = x.to(torch::kDouble);
  const ops::MBConvParams params{b.stride, b.padding, b.activation, b.project_activation,
                                 b.stride == 1 && b.in == b.out};
  Tensor keep, exact_keep;
  if (b.drop) {
    keep = torch::rand({b.batch}).add_(0.5);
    keep[0] = 0;
    exact_keep = keep.to(torch::kDouble);
  }

  const Tensor evaluated = [&] {
    const torch::NoGradGuard no_grad;
    return ops::mbconv(x, weights, params, {}, ops::Mode::kEval, context);
  }();
  const Tensor exact_evaluated = ops::reference::mbconv(exact_x, exact_weights, params, {}, ops::Mode::kEval);
  CHECK(relative_error(evaluated, exact_evaluated) < within.evaluated);

  const Tensor gradient = torch::randn_like(evaluated);
  const Named ours = run([&] { return ops::mbconv(x, weights, params, keep, ops::Mode::kTrain, context); },
                         leaves_of(x, weights), gradient, norms_of(weights));
  const Named exact = run(
      [&] { return ops::reference::mbconv(exact_x, exact_weights, params, exact_keep, ops::Mode::kTrain); },
      leaves_of(exact_x, exact_weights), gradient, norms_of(exact_weights));
  CHECK(context.fallbacks().empty());
  const double values = 1.0 * b.batch * evaluated.size(2) * evaluated.size(3);
  check_all(ours, exact, values < 40 ? within.few_values : within.trained);
}

void compare_conv_with_reference(const Tensor& x, const Tensor& weight, const ops::ConvNormActParams& params,
                                 const ops::ExecutionContext& context, double tolerance, Wanted wanted) {
  const ops::BatchNorm n = random_norm(weight.size(0)), exact_norm = in_double(n);
  const Tensor exact_x = x.to(torch::kDouble), exact_weight = weight.to(torch::kDouble);
  const Tensor exact_evaluated =
      ops::reference::conv_norm_act(exact_x, exact_weight, exact_norm, params, ops::Mode::kEval);
  CHECK(relative_error(ops::conv_norm_act(x, weight, n, params, ops::Mode::kEval, context), exact_evaluated) <
        1e-5);
  Named leaves{{"weight", weight}, {"norm weight", n.weight}, {"norm bias", n.bias}};
  Named exact_leaves{
      {"weight", exact_weight}, {"norm weight", exact_norm.weight}, {"norm bias", exact_norm.bias}};
  if (wanted == Wanted::kAllGradients) {
    leaves.emplace_back("x", x);
    exact_leaves.emplace_back("x", exact_x);
  }
  const Tensor gradient = torch::randn_like(exact_evaluated);
  const auto ours = [&] { return ops::conv_norm_act(x, weight, n, params, ops::Mode::kTrain, context); };
  const auto exact = [&] {
    return ops::reference::conv_norm_act(exact_x, exact_weight, exact_norm, params, ops::Mode::kTrain);
  };
  check_all(run(ours, leaves, gradient, {n}), run(exact, exact_leaves, gradient, {exact_norm}), tolerance);
  CHECK(context.fallbacks().empty());
}

}  // namespace effnet::tests
