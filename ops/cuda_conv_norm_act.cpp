#include "ops/cuda_conv_norm_act.h"

#include "cuda/conv_norm_act.h"
#include "ops/conv_parts.h"
#include "ops/cuda_execution.h"
#include "ops/saved_call.h"

namespace effnet::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Raw result and state of the norm behind it.
struct Saved {
  Tensor y, state;

  Saved(const kernels::ConvShape& s, const Tensor& x)
      : y(map_like(x, s.out_channels, s.out_height, s.out_width)),
        state(floats_like(x, {4, s.out_channels})) {}
  Saved(Tensor raw, Tensor of_norm) : y(std::move(raw)), state(std::move(of_norm)) {}
};

// As the kernels take it: products' as the maps are, a stem's in float.
Tensor weight_for(const Tensor& weight, const Tensor& x) {
  return weight.size(2) == 1 ? product_weight(weight, x) : weight.contiguous(kChannelsLast);
}

cuda::ConvNormActForward conv_of(const kernels::ConvShape& shape, const Tensor& x, const Tensor& weight,
                                 const BatchNorm& norm, const Saved& saved, const Tensor& out) {
  return {.shape = shape,
          .storage = storage_of(x),
          .weights = map_memory(weight),
          .norm = norm_weights(norm),
          .x = map_memory(x),
          .y = map_memory(saved.y),
          .state = norm_state(saved.state),
          .out = map_memory(out)};
}

struct CudaConvNormAct : torch::autograd::Function<CudaConvNormAct> {
  static Tensor forward(AutogradContext* autograd, const Tensor& input, const Tensor& kernel,
                        const Tensor& norm_weight, const Tensor& norm_bias, const BatchNorm& norm,
                        const ConvNormActParams& params) {
    const Tensor x = input.contiguous(kChannelsLast), weight = weight_for(kernel, x);
    const kernels::ConvShape shape = shape_of(x, weight, params);
    check_batch(shape.batch * shape.out_pixels());
    const Saved saved(shape, x);
    Tensor out = torch::empty_like(saved.y);
    run_on_cuda(conv_of(shape, x, weight, norm, saved, out), x);
    autograd->save_for_backward({x, weight, saved.y, saved.state, norm_weight, norm_bias});
    SavedCall<kernels::ConvShape>::keep(autograd, shape);
    return out;
  }

  static variable_list backward(AutogradContext* autograd, const variable_list& gradients) {
    const kernels::ConvShape& shape = SavedCall<kernels::ConvShape>::of(autograd);
    const variable_list tensors = autograd->get_saved_variables();
    const Tensor &x = tensors[0], &weight = tensors[1];
    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    const Tensor to_x = shape.pointwise() ? torch::empty_like(x) : Tensor();
    const Tensor to_weight = torch::empty_like(weight, torch::kFloat);
    const Tensor to_norm_weight = torch::empty_like(tensors[4]), to_norm_bias = torch::empty_like(tensors[5]);
    run_on_cuda(
        cuda::ConvNormActBackward{
            .forward = conv_of(shape, x, weight, {tensors[4], tensors[5]}, {tensors[2], tensors[3]}, {}),
            .out_gradient = map_memory(gradient),
            .x_gradient = map_memory(to_x),
            .weight_gradient = float_memory(to_weight),
            .norm_gradients = {float_memory(to_norm_weight), float_memory(to_norm_bias)}},
        x);
    return {to_x, to_weight, to_norm_weight, to_norm_bias, Tensor(), Tensor()};
  }
};

}  // namespace

const char* cuda_refusal(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  if (const char* reason = storage_refusal(x, weight)) return reason;
  const kernels::ConvShape shape = shape_of(x, weight, params);
  if (!shape.pointwise() && x.requires_grad())
    return "convolution on CUDA: the gradient of a picture has no kernel";
  return cuda::conv_refusal(shape);
}

Tensor cuda_conv_norm_act(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                          const ConvNormActParams& params, Mode mode) {
  if (mode == Mode::kTrain) return CudaConvNormAct::apply(x, weight, norm.weight, norm.bias, norm, params);
  const torch::NoGradGuard no_grad;
  const Tensor map = x.contiguous(kChannelsLast), stored = weight_for(weight, map);
  const kernels::ConvShape shape = shape_of(map, stored, params);
  const Saved saved(shape, map);
  Tensor out = torch::empty_like(saved.y);
  cuda::ConvNormActForward conv = conv_of(shape, map, stored, norm, saved, out);
  conv.statistics = cuda::Statistics::kRunning;
  run_on_cuda(conv, map);
  return out;
}

}  // namespace effnet::ops
