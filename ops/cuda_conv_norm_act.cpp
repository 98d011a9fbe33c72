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

// Raw result and state of the norm behind it, (5, C) as a raw map's.
struct Saved {
  Tensor y, state;

  Saved(const kernels::ConvShape& s, const Tensor& x)
      : y(map_like(x, s.out_channels, s.out_height, s.out_width)),
        state(floats_like(x, {5, s.out_channels})) {}
  Saved(Tensor raw, Tensor of_norm) : y(std::move(raw)), state(std::move(of_norm)) {}
};

bool is_stem(const kernels::ConvShape& shape) {
  return cuda::kind_of(shape) == cuda::ConvKind::kStem;
}

// As the kernels take it: products' as the maps are, a stem's in float.
Tensor weight_for(const Tensor& weight, const Tensor& x, const kernels::ConvShape& shape) {
  const Tensor last = weight.contiguous(kChannelsLast);
  return is_stem(shape) ? last : product_weight(last, x);
}

// `out` undefined: the map stays raw.
cuda::ConvNormActForward conv_of(const kernels::ConvShape& shape, const Tensor& x, const Tensor& weight,
                                 const BatchNorm& norm, const Saved& saved, const Tensor& out) {
  return {.shape = shape,
          .storage = storage_of(x),
          .weights = map_memory(weight),
          .norm = norm_weights(norm),
          .x = map_memory(x),
          .y = map_memory(saved.y),
          .state = norm_state(saved.state),
          .out_is_raw = !out.defined(),
          .out = map_memory(out)};
}

struct Call {
  kernels::ConvShape shape;
  bool out_is_raw = false;
};

// Gives the finished map, or the two tensors of a raw one.
struct CudaConvNormAct : torch::autograd::Function<CudaConvNormAct> {
  static variable_list forward(AutogradContext* autograd, const Tensor& input, const Tensor& kernel,
                               const Tensor& norm_weight, const Tensor& norm_bias, const BatchNorm& norm,
                               const ConvNormActParams& params, Finish finish) {
    const Tensor x = input.contiguous(kChannelsLast);
    const kernels::ConvShape shape = shape_of(x, kernel, params);
    const Tensor weight = weight_for(kernel, x, shape);
    check_batch(shape.batch * shape.out_pixels());
    const Saved saved(shape, x);
    const bool stays_raw = finish == Finish::kWhereNeeded;
    const Tensor out = stays_raw ? Tensor() : torch::empty_like(saved.y);
    run_on_cuda(conv_of(shape, x, weight, norm, saved, out), x);
    autograd->save_for_backward({x, weight, saved.y, saved.state, norm_weight, norm_bias});
    SavedCall<Call>::keep(autograd, {shape, stays_raw});
    if (stays_raw) return {saved.y, saved.state};
    return {out};
  }

  static variable_list backward(AutogradContext* autograd, const variable_list& gradients) {
    const auto& [shape, out_is_raw] = SavedCall<Call>::of(autograd);
    const variable_list tensors = autograd->get_saved_variables();
    const Tensor &x = tensors[0], &weight = tensors[1];
    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    const Tensor to_x = is_stem(shape) ? Tensor() : torch::empty_like(x);
    const Tensor to_weight = torch::empty_like(weight, torch::kFloat);
    const Tensor factors = out_is_raw ? gradients[1] : Tensor();
    TORCH_CHECK(!out_is_raw || factors.defined(), "convolution: nobody went back through its raw map");
    const BatchNorm to_norm = out_is_raw
                                  ? gradients_of_raw(factors)
                                  : BatchNorm{torch::empty_like(tensors[4]), torch::empty_like(tensors[5])};
    cuda::ConvNormActForward forward =
        conv_of(shape, x, weight, {tensors[4], tensors[5]}, {tensors[2], tensors[3]}, {});
    forward.out_is_raw = out_is_raw;
    run_on_cuda(cuda::ConvNormActBackward{.forward = forward,
                                          .out_gradient = map_memory(gradient),
                                          .out_factors = factors_of_raw(factors),
                                          .x_gradient = map_memory(to_x),
                                          .weight_gradient = float_memory(to_weight),
                                          .norm_gradients = norm_gradients(to_norm)},
                x);
    return {to_x, to_weight, to_norm.weight, to_norm.bias, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

const char* cuda_refusal(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  if (const char* reason = storage_refusal(x, weight)) return reason;
  const kernels::ConvShape shape = shape_of(x, weight, params);
  if (is_stem(shape) && x.requires_grad())
    return "convolution on CUDA: the gradient of a picture has no kernel";
  return cuda::conv_refusal(shape);
}

Map cuda_conv_norm_act(const Tensor& x, const Tensor& weight, const BatchNorm& norm,
                       const ConvNormActParams& params, Mode mode, Finish finish) {
  const auto map_of = [&](const Tensor& values, const Tensor& state) {
    return finish == Finish::kWhereNeeded ? Map{values, state, params.activation} : Map{values};
  };
  if (mode == Mode::kTrain) {
    const variable_list out = CudaConvNormAct::apply(x, weight, norm.weight, norm.bias, norm, params, finish);
    return map_of(out.front(), out.back());
  }
  const torch::NoGradGuard no_grad;
  const Tensor map = x.contiguous(kChannelsLast);
  const kernels::ConvShape shape = shape_of(map, weight, params);
  const Tensor stored = weight_for(weight, map, shape);
  const Saved saved(shape, map);
  const Tensor out = finish == Finish::kWhereNeeded ? Tensor() : torch::empty_like(saved.y);
  cuda::ConvNormActForward conv = conv_of(shape, map, stored, norm, saved, out);
  conv.statistics = cuda::Statistics::kRunning;
  run_on_cuda(conv, map);
  return map_of(out.defined() ? out : saved.y, saved.state);
}

}  // namespace effnet::ops
