// The reference path against the definitions of kernels/, loops in double: what the other implementations are measured
// against must itself be right. Convolution in groups, which has no kernel of the project's, included.
#include "kernels/conv.h"
#include "ops/conv_norm_act.h"
#include "tests/support/catch.h"

using namespace effnet;
using torch::Tensor;

namespace {

// A batch norm that changes nothing.
ops::BatchNorm neutral(std::int64_t channels) {
  return {torch::ones({channels}, torch::kDouble),
          torch::zeros({channels}, torch::kDouble),
          torch::zeros({channels}, torch::kDouble),
          torch::ones({channels}, torch::kDouble),
          0,
          0.1};
}

// kernels::conv_forward group by group; x (N, C, H, W), weight (Cout, C / groups, k, k).
Tensor by_loops(const Tensor& x, const Tensor& weight, const ops::ConvNormActParams& params) {
  const std::int64_t group_in = weight.size(1), group_out = weight.size(0) / params.groups;
  const auto kernel = static_cast<int>(weight.size(2));
  const auto side = kernels::padding_of(x.size(2), kernel, params.stride, params.padding);
  const auto out = kernels::size_after(x.size(2), kernel, params.stride, params.padding);
  const kernels::ConvShape shape{.batch = x.size(0),
                                 .in_channels = group_in,
                                 .out_channels = group_out,
                                 .height = x.size(2),
                                 .width = x.size(3),
                                 .out_height = out,
                                 .out_width = out,
                                 .kernel = kernel,
                                 .stride = params.stride,
                                 .pad_top = side.before,
                                 .pad_left = side.before};
  std::vector<Tensor> groups;
  for (std::int64_t g = 0; g < params.groups; ++g) {
    const Tensor part = x.narrow(1, g * group_in, group_in).permute({0, 2, 3, 1}).contiguous();
    const Tensor kernels = weight.narrow(0, g * group_out, group_out).permute({0, 2, 3, 1}).contiguous();
    const Tensor y = torch::zeros({x.size(0), out, out, group_out}, torch::kDouble);
    kernels::conv_forward(shape, part.data_ptr<double>(), kernels.data_ptr<double>(), y.data_ptr<double>());
    groups.push_back(y.permute({0, 3, 1, 2}));
  }
  return torch::cat(groups, 1);
}

}  // namespace

TEST_CASE("the reference convolution equals the loops of its definition, in groups and with either padding") {
  torch::manual_seed(1);
  for (const auto padding : {kernels::Padding::kSame, kernels::Padding::kSymmetric}) {
    for (const int size : {1, 5, 6}) {
      for (const int kernel : {1, 3, 5, 7}) {
        for (const int stride : {1, 2, 3}) {
          for (const int groups : {1, 2, 4}) {
            INFO("size " << size << " kernel " << kernel << " stride " << stride << " groups " << groups);
            const Tensor x = torch::randn({2, 4, size, size}, torch::kDouble);
            const Tensor weight = torch::randn({8, 4 / groups, kernel, kernel}, torch::kDouble);
            const ops::ConvNormActParams params{.stride = stride, .groups = groups, .padding = padding};
            const Tensor y = ops::reference::conv_norm_act(x, weight, neutral(8), params, ops::Mode::kEval);
            const Tensor wanted = by_loops(x, weight, params);
            REQUIRE(y.sizes() == wanted.sizes());
            CHECK((y - wanted).abs().max().item<double>() < 1e-12);
          }
        }
      }
    }
  }
}
