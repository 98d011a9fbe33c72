#include "ops/mbconv.h"

#include "cuda/mbconv.h"
#include "ops/cpu_mbconv.h"
#include "ops/cuda_execution.h"
#include "ops/cuda_mbconv.h"
#include "ops/mbconv_parts.h"

namespace effnet::ops {
namespace {

using torch::Tensor;

// Why the project's kernels do not do it, or null. x is a map of the net's, or the block's own.
const char* refusal(const Tensor& x, const MBConvWeights& weights, const MBConvParams& params, Mode mode,
                    const ExecutionContext& context) {
  const std::int64_t kernel = weights.depthwise.size(2);
  if (kernel != 3 && kernel != 5 && kernel != 7) return "MBConv: only depthwise kernels 3, 5 and 7 are there";
  if (params.stride > 2) return "MBConv: only strides 1 and 2 are there";
  if (x.numel() == 0) return "empty batch";
  if (mode == Mode::kEval && at::GradMode::is_enabled() &&
      (x.requires_grad() || weights.project.requires_grad()))
    return "gradients in evaluation mode have no kernel";
  return runs_on_cuda(context, x) ? cuda_refusal(x, weights) : cpu_refusal(x, weights);
}

}  // namespace

kernels::MBConvShape shape_of(const Tensor& x, const MBConvWeights& weights, const MBConvParams& params) {
  const auto kernel = static_cast<int>(weights.depthwise.size(2));
  const auto before = [&](std::int64_t size) {
    return kernels::padding_of(size, kernel, params.stride, params.padding).before;
  };
  return {.depthwise = {.batch = x.size(0),
                        .channels = weights.depthwise.size(0),
                        .height = x.size(2),
                        .width = x.size(3),
                        .out_height = kernels::size_after(x.size(2), kernel, params.stride, params.padding),
                        .out_width = kernels::size_after(x.size(3), kernel, params.stride, params.padding),
                        .kernel = kernel,
                        .stride = params.stride,
                        .pad_top = before(x.size(2)),
                        .pad_left = before(x.size(3))},
          .in_channels = x.size(1),
          .out_channels = weights.project.size(0),
          .squeezed_channels = weights.reduce.defined() ? weights.reduce.size(0) : 0,
          .expands = weights.expand.defined(),
          .residual = params.residual,
          .activation = params.activation,
          .project_activation = params.project_activation};
}

Map mbconv(const Map& x, const MBConvWeights& weights, const MBConvParams& params, const Tensor& keep,
           Mode mode, const ExecutionContext& context, Finish finish) {
  TORCH_CHECK(!x.raw() || takes_raw(weights, params, x.activation, mode, context, x.values),
              "MBConv: this block takes no raw map");
  if (!context.by_own_kernels())
    return {reference::mbconv(x.values, weights, params, keep, mode, convolution_of(context))};
  if (const char* reason = refusal(x.values, weights, params, mode, context)) {
    context.note_fallback(reason);
    return {reference::mbconv(x.values, weights, params, keep, mode)};
  }
  const Map map{x.values.contiguous(kChannelsLast), x.norm, x.activation};
  if (runs_on_cuda(context, x.values)) return cuda_mbconv(map, weights, params, keep, mode, context, finish);
  return {cpu_mbconv(map.values, weights, params, keep, mode, context)};
}

Tensor mbconv(const Tensor& x, const MBConvWeights& weights, const MBConvParams& params, const Tensor& keep,
              Mode mode, const ExecutionContext& context) {
  return mbconv(Map{x}, weights, params, keep, mode, context, Finish::kAlways).values;
}

bool takes_raw(const MBConvWeights& weights, const MBConvParams& params, kernels::Activation activation,
               Mode mode, const ExecutionContext& context, const Tensor& like) {
  return context.by_own_kernels() && runs_on_cuda(context, like) &&
         cuda::takes_raw({.residual = params.residual}, activation) &&
         !refusal(like, weights, params, mode, context);
}

}  // namespace effnet::ops
