// The operators by the kernels of cuda/, run by the emulator on LibTorch's own memory, against the reference path in double:
// values, running statistics and all gradients.
#include "tests/ops/operator_example.h"
#include "tests/support/catch.h"
#include "tests/support/cuda_emulator/emulator.h"

using namespace effnet;
using namespace effnet::tests;

namespace {

ops::ExecutionContext emulated() {
  emulator::open_host_memory();
  return ops::ExecutionContext(ops::Kernels::kEffnet, ops::ExecutionContext::Memory::kOfContext,
                               ops::CudaMemory::kHost);
}

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

TEST_CASE("channels that CUDA has no kernel for are the reference's, and it is said") {
  const ops::ExecutionContext context = emulated();
  const Block block{.in = 12, .out = 12};
  ops::mbconv(random_map(2, 12, 4, 4), weights_of(block), {.residual = true}, {}, ops::Mode::kTrain, context);
  REQUIRE(context.fallbacks().size() == 1);
  CHECK(context.fallbacks().begin()->find("multiples of 8") != std::string::npos);
}
