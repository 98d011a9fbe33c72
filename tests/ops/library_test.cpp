// libeffnet_ops.so as a process meets it that knows nothing of the project: loaded at run time, its operators found by name
// and called by the arguments' names, as Python does (library_test.py does that where a Python can import torch). The oracle
// is the block written down in LibTorch's operators, in double.
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/CPUAllocator.h>
#include <dlfcn.h>
#include <torch/torch.h>

#include <map>

#include "tests/support/catch.h"

using torch::Tensor;

namespace {

void load_library() {
  static void* const library = dlopen(EFFNET_OPERATOR_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!library) FAIL(dlerror());
}

using Arguments = std::map<std::string, c10::IValue>;

// What is not among the arguments has the schema's default.
Tensor call(const char* name, const Arguments& arguments) {
  load_library();
  const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, "");
  torch::jit::Stack stack;
  std::size_t taken = 0;
  for (const c10::Argument& argument : handle.schema().arguments()) {
    const auto given = arguments.find(argument.name());
    taken += given != arguments.end();
    stack.push_back(given != arguments.end() ? given->second : argument.default_value().value());
  }
  REQUIRE(taken == arguments.size());
  handle.callBoxed(stack);
  return stack.at(0).toTensor();
}

using Tensors = std::vector<Tensor>;

Tensors norm(std::int64_t channels) {
  return {torch::rand({channels}) + 0.5, torch::randn({channels}) * 0.3, torch::zeros({channels}),
          torch::ones({channels})};
}

Tensors in_double(const Tensors& tensors) {
  Tensors wide;
  for (const Tensor& tensor : tensors) wide.push_back(tensor.detach().to(torch::kDouble));
  return wide;
}

constexpr double kEps = 1e-5, kMomentum = 0.1;

struct Block {
  Tensor x, expand, depthwise, project;
  Tensors expand_norm, depthwise_norm, project_norm, squeeze_excite;
  int stride = 1;
  std::string activation = "silu";

  static Block random(std::int64_t in, std::int64_t wide, std::int64_t out, int kernel, int stride) {
    const auto weights = [](at::IntArrayRef sizes, std::int64_t fan_in) {
      return torch::randn(sizes) / std::sqrt(static_cast<double>(fan_in));
    };
    Block block{.x = torch::randn({4, in, 9, 7}),
                .depthwise = weights({wide, 1, kernel, kernel}, kernel * kernel),
                .project = weights({out, wide, 1, 1}, wide),
                .depthwise_norm = norm(wide),
                .project_norm = norm(out),
                .squeeze_excite = {weights({2, wide, 1, 1}, wide), torch::randn({2}),
                                   weights({wide, 2, 1, 1}, 2), torch::randn({wide})},
                .stride = stride};
    if (in != wide) {
      block.expand = weights({wide, in, 1, 1}, in);
      block.expand_norm = norm(wide);
    }
    return block;
  }

  Block wide() const {
    const auto in_double_or_none = [](const Tensor& tensor) {
      return tensor.defined() ? tensor.detach().to(torch::kDouble) : tensor;
    };
    return {in_double_or_none(x),
            in_double_or_none(expand),
            in_double_or_none(depthwise),
            in_double_or_none(project),
            in_double(expand_norm),
            in_double(depthwise_norm),
            in_double(project_norm),
            in_double(squeeze_excite),
            stride,
            activation};
  }

  bool residual() const { return stride == 1 && x.size(1) == project.size(0); }

  Tensor by_library(bool training) const {
    Arguments arguments{{"x", x},
                        {"depthwise", depthwise},
                        {"depthwise_norm", depthwise_norm},
                        {"project", project},
                        {"project_norm", project_norm},
                        {"squeeze_excite", squeeze_excite},
                        {"stride", stride},
                        {"padding", "symmetric"},
                        {"activation", activation},
                        {"residual", residual()},
                        {"training", training},
                        {"eps", kEps},
                        {"momentum", kMomentum},
                        {"kernels", "effnet"}};
    if (expand.defined()) {
      arguments.emplace("expand", expand);
      arguments.emplace("expand_norm", expand_norm);
    }
    return call("effnet::mbconv", arguments);
  }

  Tensor by_expression(bool training) const {
    const auto normalize = [&](const Tensor& y, const Tensors& of) {
      return at::batch_norm(y, of[0], of[1], of[2], of[3], training, kMomentum, kEps, false);
    };
    Tensor y = x;
    if (expand.defined()) y = at::silu(normalize(at::conv2d(y, expand), expand_norm));
    const std::int64_t pad = depthwise.size(2) / 2;
    y = at::silu(
        normalize(at::conv2d(y, depthwise, {}, {stride, stride}, {pad, pad}, {1, 1}, depthwise.size(0)),
                  depthwise_norm));
    const Tensor squeezed = at::silu(at::conv2d(y.mean({2, 3}, true), squeeze_excite[0], squeeze_excite[1]));
    y = y * at::sigmoid(at::conv2d(squeezed, squeeze_excite[2], squeeze_excite[3]));
    y = normalize(at::conv2d(y, project), project_norm);
    return residual() ? y + x : y;
  }

  Tensors leaves() const {
    Tensors all{x,       depthwise,       depthwise_norm[0], depthwise_norm[1],
                project, project_norm[0], project_norm[1]};
    if (expand.defined()) all.insert(all.end(), {expand, expand_norm[0], expand_norm[1]});
    all.insert(all.end(), squeeze_excite.begin(), squeeze_excite.end());
    return all;
  }

  Tensors statistics() const {
    Tensors all{depthwise_norm[2], depthwise_norm[3], project_norm[2], project_norm[3]};
    if (expand.defined()) all.insert(all.end(), {expand_norm[2], expand_norm[3]});
    return all;
  }
};

// Relative to the largest number, or to 0.1 where all are smaller.
void check_close(const Tensors& ours, const Tensors& exact, double tolerance) {
  REQUIRE(ours.size() == exact.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    INFO("tensor " << i);
    const double size = std::max(exact[i].abs().max().item<double>(), 0.1);
    CHECK((ours[i].to(torch::kDouble) - exact[i]).abs().max().item<double>() / size < tolerance);
  }
}

template <class Forward>
Tensors gradients(const Tensors& leaves, const Tensor& out_gradient, Forward&& forward) {
  for (const Tensor& leaf : leaves) leaf.requires_grad_();
  return torch::autograd::grad({forward()}, leaves, {out_gradient});
}

}  // namespace

TEST_CASE(
    "a block of the loaded library is the block in LibTorch's operators: value, gradients, statistics") {
  torch::manual_seed(1);
  for (const Block& block :
       {Block::random(8, 24, 8, 3, 1), Block::random(8, 48, 16, 5, 2), Block::random(16, 16, 8, 3, 1)}) {
    const Block exact = block.wide();
    {
      const torch::NoGradGuard no_grad;
      check_close({block.by_library(false)}, {exact.by_expression(false)}, 1e-5);
    }
    const Tensor out_gradient = torch::randn_like(exact.by_expression(false));
    const Tensors ours =
        gradients(block.leaves(), out_gradient.to(torch::kFloat), [&] { return block.by_library(true); });
    check_close(ours, gradients(exact.leaves(), out_gradient, [&] { return exact.by_expression(true); }),
                1e-4);
    check_close(block.statistics(), exact.statistics(), 1e-5);
  }
}

TEST_CASE("a convolution of the loaded library is that in LibTorch's operators, in groups, too") {
  torch::manual_seed(2);
  for (const int groups : {1, 2}) {
    const Tensor x = torch::randn({3, 6, 8, 8}), weight = torch::randn({10, 6 / groups, 3, 3}) / 5;
    const Tensors batch_norm = norm(10), exact = in_double(batch_norm);
    const Tensor y = call("effnet::conv_norm_act", {{"x", x},
                                                    {"weight", weight},
                                                    {"norm", batch_norm},
                                                    {"stride", 2},
                                                    {"groups", groups},
                                                    {"padding", "symmetric"},
                                                    {"activation", "relu"},
                                                    {"training", true},
                                                    {"eps", kEps},
                                                    {"momentum", kMomentum}});
    const Tensor convolved =
        at::conv2d(x.to(torch::kDouble), weight.to(torch::kDouble), {}, {2, 2}, {1, 1}, {1, 1}, groups);
    const Tensor expected = at::relu(
        at::batch_norm(convolved, exact[0], exact[1], exact[2], exact[3], true, kMomentum, kEps, false));
    check_close({y, batch_norm[2], batch_norm[3]}, {expected, exact[2], exact[3]}, 1e-4);
  }
}

TEST_CASE("what does not fit is refused in words that name it") {
  torch::manual_seed(3);
  const auto words = [](const auto& change) {
    Block block = Block::random(8, 24, 8, 3, 1);
    change(block);
    try {
      block.by_library(true);
    } catch (const c10::Error& error) {
      return std::string(error.what_without_backtrace());
    }
    return std::string("nothing was thrown");
  };
  const auto check_words = [](const std::string& said, const char* wanted) {
    INFO(said);
    CHECK(said.find(wanted) != std::string::npos);
  };
  check_words(words([](Block& b) { b.x = torch::randn({8, 9, 7}); }), "x is (8, 9, 7)");
  check_words(words([](Block& b) {
                b.project = torch::randn({8, 23, 1, 1});
              }),
              "project is (8, 23, 1, 1); (any, 24, 1, 1) is wanted");
  check_words(words([](Block& b) { b.project_norm.pop_back(); }),
              "project_norm has 3 tensors; it is [weight, bias, running_mean, running_var]");
  check_words(words([](Block& b) { b.project_norm[2] = torch::zeros({16}).slice(0, 0, 16, 2); }),
              "project_norm's running statistics");
  check_words(words([](Block& b) { b.expand = Tensor(); }), "there is no expand");
  check_words(words([](Block& b) { b.squeeze_excite.pop_back(); }), "squeeze_excite has 3 tensors");
  check_words(words([](Block& b) { b.stride = 0; }), "stride is 0");
  check_words(words([](Block& b) { b.depthwise = torch::randn({24, 1, 3, 5}); }), "to be square");
  check_words(words([](Block& b) { b.expand = b.expand.to(torch::kMeta); }), "expand is on meta");
  check_words(words([](Block& b) { b.squeeze_excite[1] = b.squeeze_excite[1].to(torch::kDouble); }),
              "expected scalar type");
  check_words(words([](Block& b) { b.activation = "gelu"; }),
              "activation is 'gelu'; it is one of identity, relu, relu6, silu, hard_swish");
}

TEST_CASE("weights with gaps between their numbers are taken as they read") {
  torch::manual_seed(4);
  Block block = Block::random(8, 24, 8, 3, 1);
  block.project = torch::randn({8, 48, 1, 1}).slice(1, 0, 48, 2) / 5;
  const Block exact = block.wide();
  check_close({block.by_library(true)}, {exact.by_expression(true)}, 1e-4);
}

TEST_CASE("loading the library leaves the process's allocator alone") {
  const c10::Allocator* const before = c10::GetCPUAllocator();
  load_library();
  CHECK(c10::GetCPUAllocator() == before);
}
