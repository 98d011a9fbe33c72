#include "ops/cpu_conv_norm_act.h"

#include "cpu/conv.h"
#include "ops/conv_parts.h"
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

}  // namespace

Tensor cpu_conv_norm_act(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                         const ConvNormActParams& params, Mode mode, const ExecutionContext& context) {
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
