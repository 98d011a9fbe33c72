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
Tensor weight_for(const Tensor& weight, const Tensor& x, const kernels::ConvShape& shape,
                  const FlatParameters* flat) {
  const Tensor last = weight.contiguous(kChannelsLast);
  return is_stem(shape) ? last : product_weight(last, x, flat);
}

// `out` undefined: the map stays raw.
cuda::ConvNormActForward conv_of(const kernels::ConvShape& shape, const Map& x, const Tensor& weight,
                                 const BatchNorm& norm, const Saved& saved, const Tensor& out) {
  return {.shape = shape,
          .storage = storage_of(x.values),
          .weights = map_memory(weight),
          .norm = norm_weights(norm),
          .x = map_memory(x.values),
          .raw_x = {norm_state(x.norm), x.activation},
          .y = map_memory(saved.y),
          .state = norm_state(saved.state),
          .out_is_raw = !out.defined(),
          .out = map_memory(out)};
}

// Of a convolution on a map of that size, whatever channels it has.
kernels::ConvShape shape_on(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  kernels::ConvShape shape = shape_of(x, weight, params);
  shape.in_channels = weight.size(1);
  return shape;
}

struct Call {
  kernels::ConvShape shape;
  bool x_is_raw = false, out_is_raw = false;
  kernels::Activation x_activation = kernels::Activation::kIdentity;  // of a raw x
  std::shared_ptr<const FlatParameters> flat;                         // or null
  // Where gradients are written; undefined: into tensors that LibTorch is given.
  Tensor weight_gradient;
  BatchNorm norm_gradients;
};

// As far as they are flat parameters that lie as the kernels write. Those of a raw map's norm are its reader's.
void find_gradients(Call& call, const Tensor& weight, const BatchNorm& norm) {
  if (!call.flat) return;
  const auto part_of = [&](const Tensor& parameter) {
    return call.flat->part_of(call.flat->gradients, parameter);
  };
  if (weight.is_contiguous(kChannelsLast)) call.weight_gradient = part_of(weight);
  if (!call.out_is_raw) call.norm_gradients = {.weight = part_of(norm.weight), .bias = part_of(norm.bias)};
}

// A gradient's memory, and what LibTorch is told of it.
struct GradientPlace {
  Tensor written, returned;

  GradientPlace(const Tensor& in_place, const Tensor& like)
      : written(in_place.defined() ? in_place : torch::empty_like(like, torch::kFloat)),
        returned(in_place.defined() ? Tensor() : written) {}
};

// Gives the finished map, or the two tensors of a raw one.
struct CudaConvNormAct : torch::autograd::Function<CudaConvNormAct> {
  // `list` is what autograd sees beside the map: the weight, the norm's weight and bias, a raw x's norm.
  static variable_list forward(AutogradContext* autograd, const Tensor& values, at::TensorList list,
                               const BatchNorm& norm, const Call& call) {
    const kernels::ConvShape& shape = call.shape;
    const Map x{values, call.x_is_raw ? list[3] : Tensor(), call.x_activation};
    const Tensor weight = weight_for(list[0], values, shape, call.flat.get());
    check_batch(shape.batch * shape.out_pixels());
    const Saved saved(shape, values);
    const Tensor out = call.out_is_raw ? Tensor() : torch::empty_like(saved.y);
    run_on_cuda(conv_of(shape, x, weight, norm, saved, out), values);
    variable_list tensors{values, weight, saved.y, saved.state, norm.weight, norm.bias};
    if (x.raw()) tensors.push_back(x.norm);
    autograd->save_for_backward(tensors);
    SavedCall<Call>::keep(autograd, call);
    if (call.out_is_raw) return {saved.y, saved.state};
    return {out};
  }

  static variable_list backward(AutogradContext* autograd, const variable_list& gradients) {
    const Call& call = SavedCall<Call>::of(autograd);
    const variable_list tensors = autograd->get_saved_variables();
    const Map x{tensors[0], call.x_is_raw ? tensors[6] : Tensor(), call.x_activation};
    const Tensor& weight = tensors[1];
    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    const Tensor factors = call.out_is_raw ? gradients[1] : Tensor();
    TORCH_CHECK(!call.out_is_raw || factors.defined(), "convolution: nobody went back through its raw map");
    const Map to_x{is_stem(call.shape) ? Tensor() : torch::empty_like(x.values),
                   x.raw() ? torch::empty_like(x.norm) : Tensor()};
    const GradientPlace to_weight(call.weight_gradient, weight);
    const GradientPlace to_scale(call.norm_gradients.weight, tensors[4]),
        to_offset(call.norm_gradients.bias, tensors[5]);
    const BatchNorm to_norm =
        call.out_is_raw ? gradients_of_raw(factors) : BatchNorm{to_scale.written, to_offset.written};
    cuda::ConvNormActForward forward =
        conv_of(call.shape, x, weight, {tensors[4], tensors[5]}, {tensors[2], tensors[3]}, {});
    forward.out_is_raw = call.out_is_raw;
    run_on_cuda(cuda::ConvNormActBackward{.forward = forward,
                                          .out_gradient = map_memory(gradient),
                                          .out_factors = factors_of_raw(factors),
                                          .x_gradient = map_memory(to_x.values),
                                          .weight_gradient = float_memory(to_weight.written),
                                          .norm_gradients = norm_gradients(to_norm),
                                          .x_norm = norm_gradients(gradients_of_raw(to_x.norm)),
                                          .x_factors = factors_of_raw(to_x.norm)},
                x.values);
    variable_list result{to_x.values, to_weight.returned,
                         call.out_is_raw ? to_norm.weight : to_scale.returned,
                         call.out_is_raw ? to_norm.bias : to_offset.returned};
    if (x.raw()) result.push_back(to_x.norm);
    result.insert(result.end(), {Tensor(), Tensor()});
    return result;
  }
};

}  // namespace

const char* cuda_refusal(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  if (const char* reason = storage_refusal(x, weight)) return reason;
  const kernels::ConvShape shape = shape_on(x, weight, params);
  if (is_stem(shape) && x.requires_grad())
    return "convolution on CUDA: the gradient of a picture has no kernel";
  return cuda::conv_refusal(shape);
}

bool cuda_takes_raw(const Tensor& x, const Tensor& weight, const ConvNormActParams& params) {
  return cuda::takes_raw(shape_on(x, weight, params));
}

Map cuda_conv_norm_act(const Map& input, const Tensor& weight, const BatchNorm& norm,
                       const ConvNormActParams& params, Mode mode, const ExecutionContext& context,
                       Finish finish) {
  const Map x{input.values.contiguous(kChannelsLast), input.norm, input.activation};
  Call call{.shape = shape_of(x.values, weight, params),
            .x_is_raw = x.raw(),
            .out_is_raw = finish == Finish::kWhereNeeded,
            .x_activation = x.activation,
            .flat = context.flat_parameters()};
  const auto map_of = [&](const Tensor& values, const Tensor& state) {
    return call.out_is_raw ? Map{values, state, params.activation} : Map{values};
  };
  if (mode == Mode::kTrain) {
    variable_list list{weight, norm.weight, norm.bias};
    if (x.raw()) list.push_back(x.norm);
    find_gradients(call, weight, norm);
    const variable_list out = CudaConvNormAct::apply(x.values, at::TensorList(list), norm, call);
    return map_of(out.front(), out.back());
  }
  const torch::NoGradGuard no_grad;
  const Tensor stored = weight_for(weight, x.values, call.shape, call.flat.get());
  const Saved saved(call.shape, x.values);
  const Tensor out = call.out_is_raw ? Tensor() : torch::empty_like(saved.y);
  cuda::ConvNormActForward conv = conv_of(call.shape, x, stored, norm, saved, out);
  conv.statistics = cuda::Statistics::kRunning;
  run_on_cuda(conv, x.values);
  return map_of(out.defined() ? out : saved.y, saved.state);
}

}  // namespace effnet::ops
