// Operators whose convolutions are cuDNN's, with loops in its place, against the reference path in double.
#include "ops/cudnn_convolution.h"
#include "tests/ops/operator_example.h"
#include "tests/support/catch.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

ops::ExecutionContext by_cudnn() {
  return ops::ExecutionContext(ops::Kernels::kCudnn, ops::ExecutionContext::Memory::kOfContext,
                               ops::CudaMemory::kHost);
}

}  // namespace

TEST_CASE("blocks by cuDNN: strides, either padding, squeeze, residual, drop-path") {
  torch::manual_seed(1);
  for (const int kernel : {3, 5}) {
    for (const int stride : {1, 2}) {
      for (const Padding padding : {Padding::kSame, Padding::kSymmetric}) {
        compare_with_reference(
            {.batch = 3, .kernel = kernel, .stride = stride, .height = 6, .width = 7, .padding = padding},
            by_cudnn());
      }
    }
  }
  compare_with_reference({.batch = 4, .expand = 1, .squeeze = 0, .drop = true}, by_cudnn());
  compare_with_reference({.batch = 3, .in = 16, .out = 16}, by_cudnn(), torch::kBFloat16,
                         {.evaluated = 0.03, .trained = 0.06, .few_values = 0.3});
}

TEST_CASE("convolutions by cuDNN, dense and in groups") {
  torch::manual_seed(2);
  for (const int groups : {1, 2, 4}) {
    for (const int stride : {1, 2}) {
      compare_conv_with_reference(random_map(3, 8, 7, 6), torch::randn({12, 8 / groups, 3, 3}),
                                  {.stride = stride, .groups = groups, .activation = Activation::kRelu},
                                  by_cudnn(), 1e-4, Wanted::kAllGradients);
    }
  }
}

TEST_CASE("what cuDNN does not do is done by LibTorch, and said") {
  torch::manual_seed(3);
  const ops::BatchNorm norm = random_norm(1);
  const Tensor x = random_map(2, 4, 6, 6), weight = torch::randn({1, 4, 3, 3});
  const ops::ConvNormActParams params{.stride = 2};
  const ops::ExecutionContext without_plan = by_cudnn(), on_cpu(ops::Kernels::kCudnn);
  const Tensor wanted = ops::reference::conv_norm_act(x, weight, norm, params, ops::Mode::kEval);
  for (const ops::ExecutionContext& context : {without_plan, on_cpu})
    CHECK(torch::equal(ops::conv_norm_act(x, weight, norm, params, ops::Mode::kEval, context), wanted));
  CHECK(without_plan.fallbacks() ==
        std::set<std::string>{"cuDNN has no engine for a convolution of the net"});
  CHECK(on_cpu.fallbacks() == std::set<std::string>{"cuDNN computes on CUDA devices alone"});
}
