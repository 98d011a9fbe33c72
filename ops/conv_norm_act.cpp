#include "ops/conv_norm_act.h"

#include "cpu/conv.h"
#include "ops/cpu_execution.h"
#include "ops/saved_call.h"

namespace effnet::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Call {
  cpu::ConvShape shape;
  ExecutionContext context;
};

cpu::ConvShape shape_of(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
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

struct CpuConvNormAct : torch::autograd::Function<CpuConvNormAct> {
  static Tensor forward(AutogradContext* saved, const Tensor& input, const Tensor& kernel,
                        const Tensor& norm_weight, const Tensor& norm_bias, const BatchNorm& norm,
                        const ConvNormActParams& params, const ExecutionContext& context) {
    const Tensor x = input.contiguous(kChannelsLast), weight = kernel.contiguous(kChannelsLast);
    const cpu::ConvShape shape = shape_of(x, weight, params);
    check_batch(shape.batch * shape.out_pixels());
    const Tensor y = new_map(shape.batch, shape.out_channels, shape.out_height, shape.out_width);
    const Tensor state = torch::empty({4, shape.out_channels});
    Tensor out = torch::empty_like(y);
    cpu::conv_norm_act_forward(execution_of(context), shape, {data_of(weight), weights_of(norm)}, data_of(x),
                               cpu::Statistics::kBatch, {memory_of(y), state_in(state)}, memory_of(out));
    saved->save_for_backward({x, weight, y, state, norm_weight, norm_bias});
    SavedCall<Call>::keep(saved, {shape, context});
    return out;
  }

  static variable_list backward(AutogradContext* saved, const variable_list& gradients) {
    const auto& [shape, context] = SavedCall<Call>::of(saved);
    const variable_list tensors = saved->get_saved_variables();
    const Tensor &x = tensors[0], &weight = tensors[1], &y = tensors[2], &state = tensors[3];
    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    Tensor to_x;
    if (saved->needs_input_grad(0)) to_x = torch::empty_like(x);
    const Tensor to_weight = torch::empty_like(weight);
    const Tensor to_norm_weight = torch::empty_like(tensors[4]), to_norm_bias = torch::empty_like(tensors[5]);
    cpu::conv_norm_act_backward(
        execution_of(context), shape, {data_of(weight), {}}, data_of(x), {memory_of(y), state_in(state)},
        data_of(gradient),
        {memory_of(to_x), memory_of(to_weight), memory_of(to_norm_weight), memory_of(to_norm_bias)});
    return {to_x, to_weight, to_norm_weight, to_norm_bias, Tensor(), Tensor(), Tensor()};
  }
};

// Why the project's kernels do not do it, or null.
const char* refusal(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                    const ConvNormActParams& params, Mode mode) {
  if (!are_cpu_floats({x, weight, norm.weight})) return "convolution: only float on the CPU has a kernel";
  if (params.groups != 1) return "convolution in groups has no kernel";
  if (x.numel() == 0) return "empty batch";
  if (mode == Mode::kEval && at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad()))
    return "gradients in evaluation mode have no kernel";
  return nullptr;
}

}  // namespace

Tensor conv_norm_act(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                     const ConvNormActParams& params, Mode mode, const ExecutionContext& context) {
  if (context.kernels() == Kernels::kReference)
    return reference::conv_norm_act(x, weight, norm, params, mode);
  if (const char* reason = refusal(x, weight, norm, params, mode)) {
    context.note_fallback(reason);
    return reference::conv_norm_act(x, weight, norm, params, mode);
  }
  if (mode == Mode::kTrain)
    return CpuConvNormAct::apply(x, weight, norm.weight, norm.bias, norm, params, context);
  const torch::NoGradGuard no_grad;
  const Tensor map = x.contiguous(kChannelsLast), kernel = weight.contiguous(kChannelsLast);
  const cpu::ConvShape shape = shape_of(map, kernel, params);
  Tensor out = new_map(shape.batch, shape.out_channels, shape.out_height, shape.out_width);
  const Tensor state = torch::empty({4, shape.out_channels});
  cpu::conv_norm_act_forward(execution_of(context), shape, {data_of(kernel), weights_of(norm)}, data_of(map),
                             cpu::Statistics::kRunning, {memory_of(out), state_in(state)}, memory_of(out));
  return out;
}

}  // namespace effnet::ops
