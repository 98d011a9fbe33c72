#include "ops/conv_norm_act.h"

#include "ops/conv_parts.h"
#include "ops/cpu_conv_norm_act.h"
#include "ops/cpu_execution.h"
#include "ops/cuda_conv_norm_act.h"
#include "ops/cuda_execution.h"
#include "ops/cudnn_convolution.h"

namespace effnet::ops {
namespace {

using torch::Tensor;

// Why the project's kernels do not do it, or null. x is a map of the net's, or the convolution's own.
const char* refusal(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                    const ConvNormActParams& params, Mode mode, const ExecutionContext& context) {
  if (params.groups != 1) return "convolution in groups has no kernel";
  if (x.numel() == 0) return "empty batch";
  if (mode == Mode::kEval && at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad()))
    return "gradients in evaluation mode have no kernel";
  if (runs_on_cuda(context, x)) return cuda_refusal(x, weight, params);
  return are_cpu_floats({x, weight, norm.weight}) ? nullptr
                                                  : "convolution: only float has a kernel on the CPU";
}

}  // namespace

reference::Convolve convolution_of(const ExecutionContext& context) {
  if (context.kernels() != Kernels::kCudnn) return reference::convolve;
  return [context](const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
    const char* reason = cudnn_refusal(x, weight, params, context);
    if (!reason) return cudnn_convolution(x, weight, params);
    context.note_fallback(reason);
    return reference::convolve(x, weight, params);
  };
}

kernels::ConvShape shape_of(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  const auto kernel = static_cast<int>(weight.size(2));
  const auto before = [&](std::int64_t size) {
    return kernels::padding_of(size, kernel, params.stride, params.padding).before;
  };
  return {.batch = x.size(0),
          .in_channels = x.size(1),
          .out_channels = weight.size(0),
          .height = x.size(2),
          .width = x.size(3),
          .out_height = kernels::size_after(x.size(2), kernel, params.stride, params.padding),
          .out_width = kernels::size_after(x.size(3), kernel, params.stride, params.padding),
          .kernel = kernel,
          .stride = params.stride,
          .pad_top = before(x.size(2)),
          .pad_left = before(x.size(3)),
          .activation = params.activation};
}

Map conv_norm_act(const Map& x, const Tensor& weight, const BatchNorm& norm, const ConvNormActParams& params,
                  Mode mode, const ExecutionContext& context, Finish finish) {
  TORCH_CHECK(!x.raw() || takes_raw(weight, params, mode, context, x.values),
              "convolution: this one takes no raw map");
  if (!context.by_own_kernels())
    return {reference::conv_norm_act(x.values, weight, norm, params, mode, convolution_of(context))};
  if (const char* reason = refusal(x.values, weight, norm, params, mode, context)) {
    context.note_fallback(reason);
    return {reference::conv_norm_act(x.values, weight, norm, params, mode)};
  }
  if (runs_on_cuda(context, x.values))
    return cuda_conv_norm_act(x, weight, norm, params, mode, context, finish);
  return {cpu_conv_norm_act(x.values, weight, norm, params, mode, context)};
}

Tensor conv_norm_act(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                     const ConvNormActParams& params, Mode mode, const ExecutionContext& context) {
  return conv_norm_act(Map{x}, weight, norm, params, mode, context, Finish::kAlways).values;
}

bool takes_raw(const Tensor& weight, const ConvNormActParams& params, Mode mode,
               const ExecutionContext& context, const Tensor& like) {
  return context.by_own_kernels() && runs_on_cuda(context, like) && cuda_takes_raw(like, weight, params) &&
         !refusal(like, weight, {}, params, mode, context);
}

}  // namespace effnet::ops
