#include "ops/cuda_mbconv.h"

#include "cuda/mbconv.h"
#include "ops/cuda_execution.h"
#include "ops/mbconv_parts.h"
#include "ops/saved_call.h"

namespace effnet::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The tensors that a forward pass leaves; what the block does not have is undefined.
struct Saved {
  Tensor expanded, depthwise, projected;                // raw maps
  Tensor expand_state, depthwise_state, project_state;  // (4, C), the last (5, C) as a raw map's
  Tensor pool_sums, pooled, squeezed, gate;             // (N, parts, 3, Ce), (N, Ce), (N, Cs), (N, Ce)

  Saved() = default;
  Saved(const cuda::MBConvShape& s, const Tensor& x) {
    const kernels::DepthwiseShape& d = s.depthwise;
    if (s.expands) {
      expanded = map_like(x, d.channels, d.height, d.width);
      expand_state = floats_like(x, {4, d.channels});
    }
    depthwise = map_like(x, d.channels, d.out_height, d.out_width);
    depthwise_state = floats_like(x, {4, d.channels});
    projected = map_like(x, s.out_channels, d.out_height, d.out_width);
    project_state = floats_like(x, {5, s.out_channels});
    if (s.squeezes()) {
      pool_sums = floats_like(x, {cuda::pool_sums_size(s, storage_of(x))});
      pooled = floats_like(x, {d.batch, d.channels});
      squeezed = floats_like(x, {d.batch, s.squeezed_channels});
      gate = floats_like(x, {d.batch, d.channels});
    }
  }

  cuda::MBConvSaved pointers() const {
    return {.expanded = map_memory(expanded),
            .depthwise = map_memory(depthwise),
            .projected = map_memory(projected),
            .expand_norm = norm_state(expand_state),
            .depthwise_norm = norm_state(depthwise_state),
            .project_norm = norm_state(project_state),
            .pool_sums = float_memory(pool_sums),
            .pooled = float_memory(pooled),
            .squeezed = float_memory(squeezed),
            .gate = float_memory(gate)};
  }
};

// visit(tensor) for what a block of this shape has, in one order.
template <class Of, class Visit>
void each_saved(const cuda::MBConvShape& shape, Of& saved, Visit&& visit) {
  for (auto* tensor : {&saved.depthwise, &saved.projected, &saved.depthwise_state, &saved.project_state})
    visit(*tensor);
  if (shape.expands) {
    for (auto* tensor : {&saved.expanded, &saved.expand_state}) visit(*tensor);
  }
  if (shape.squeezes()) {
    for (auto* tensor : {&saved.pool_sums, &saved.pooled, &saved.squeezed, &saved.gate}) visit(*tensor);
  }
}

struct Call {
  cuda::MBConvShape shape;
  Tensor keep;  // float; nobody asks for its gradient
  bool x_is_raw = false, out_is_raw = false;
  kernels::Activation x_activation = kernels::Activation::kIdentity;  // of a raw x
  std::shared_ptr<const FlatParameters> flat;                         // or null
  MBConvWeights gradients;  // where they are written; undefined: into tensors that LibTorch is given
};

// The weights as the kernels take them: those of products stored as the maps are.
MBConvWeights stored_as(const Tensor& x, MBConvWeights weights, const FlatParameters* flat) {
  if (weights.expand.defined()) weights.expand = product_weight(weights.expand, x, flat);
  weights.project = product_weight(weights.project, x, flat);
  return weights;
}

// Where gradients of these weights lie, as far as they are flat parameters. Those of a raw map's norm are its reader's.
MBConvWeights gradients_of(const Call& call, const MBConvWeights& weights) {
  MBConvWeights gradients;
  if (!call.flat) return gradients;
  std::vector<Tensor*> parts;
  each_weight(call.shape, gradients, [&](Tensor& part) { parts.push_back(&part); });
  auto part = parts.begin();
  each_weight(call.shape, weights,
              [&](const Tensor& weight) { **part++ = call.flat->part_of(call.flat->gradients, weight); });
  if (call.out_is_raw) gradients.project_norm = {};
  return gradients;
}

cuda::MBConvWeights pointers_of(const MBConvWeights& w) {
  return {.expand = map_memory(w.expand),
          .depthwise = float_memory(w.depthwise),
          .reduce = float_memory(w.reduce),
          .reduce_bias = float_memory(w.reduce_bias),
          .gate = float_memory(w.gate),
          .gate_bias = float_memory(w.gate_bias),
          .project = map_memory(w.project),
          .expand_norm = norm_weights(w.expand_norm),
          .depthwise_norm = norm_weights(w.depthwise_norm),
          .project_norm = norm_weights(w.project_norm)};
}

cuda::MBConvForward block_of(const Call& call, const Map& x, const MBConvWeights& w, const Saved& saved,
                             const Tensor& out) {
  return {.shape = call.shape,
          .storage = storage_of(x.values),
          .weights = pointers_of(w),
          .x = map_memory(x.values),
          .raw_x = {norm_state(x.norm), x.activation},
          .keep = float_memory(call.keep),
          .saved = saved.pointers(),
          .out_is_raw = call.out_is_raw,
          .out = map_memory(out)};
}

// To be written; of x as ops/map.h says.
cuda::MBConvGradients gradients_in(const Map& x, const MBConvWeights& w) {
  return {.x = map_memory(x.values),
          .expand = float_memory(w.expand),
          .depthwise = float_memory(w.depthwise),
          .project = float_memory(w.project),
          .reduce = float_memory(w.reduce),
          .reduce_bias = float_memory(w.reduce_bias),
          .gate = float_memory(w.gate),
          .gate_bias = float_memory(w.gate_bias),
          .expand_norm = norm_gradients(w.expand_norm),
          .depthwise_norm = norm_gradients(w.depthwise_norm),
          .project_norm = norm_gradients(w.project_norm),
          .x_norm = norm_gradients(gradients_of_raw(x.norm)),
          .x_factors = factors_of_raw(x.norm)};
}

// Gives the finished map, or the two tensors of a raw one.
struct CudaMBConv : torch::autograd::Function<CudaMBConv> {
  // `list` is what autograd sees of the rest: a raw x's norm, each_weight() of `weights`.
  static variable_list forward(AutogradContext* autograd, const Tensor& values, at::TensorList list,
                               const MBConvWeights& weights, const Call& call) {
    check_batch(call.shape.out_rows());
    const Map x{values, call.x_is_raw ? list[0] : Tensor(), call.x_activation};
    const MBConvWeights stored = stored_as(values, weights, call.flat.get());
    const Saved saved(call.shape, values);
    const Tensor out = call.out_is_raw ? Tensor() : torch::empty_like(saved.projected);
    run_on_cuda(block_of(call, x, stored, saved, out), values);
    variable_list tensors{values};
    if (x.raw()) tensors.push_back(x.norm);
    each_weight(call.shape, stored, [&](const Tensor& tensor) { tensors.push_back(tensor); });
    each_saved(call.shape, saved, [&](const Tensor& tensor) { tensors.push_back(tensor); });
    autograd->save_for_backward(tensors);
    SavedCall<Call>::keep(autograd, call);
    if (call.out_is_raw) return {saved.projected, saved.project_state};
    return {out};
  }

  static variable_list backward(AutogradContext* autograd, const variable_list& gradients) {
    const Call& call = SavedCall<Call>::of(autograd);
    const variable_list tensors = autograd->get_saved_variables();
    auto next = tensors.begin();
    Map x{*next++, {}, call.x_activation}, to_x{torch::empty_like(x.values)};
    variable_list result{to_x.values};
    if (call.x_is_raw) {
      x.norm = *next++;
      to_x.norm = torch::empty_like(x.norm);
      result.push_back(to_x.norm);
    }
    MBConvWeights weights, to_weights = call.gradients;
    Saved saved;
    each_weight(call.shape, weights, [&](Tensor& tensor) { tensor = *next++; });
    each_saved(call.shape, saved, [&](Tensor& tensor) { tensor = *next++; });

    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    const Tensor factors = call.out_is_raw ? gradients[1] : Tensor();
    TORCH_CHECK(!call.out_is_raw || factors.defined(), "MBConv: nobody went back through its raw map");
    if (call.out_is_raw) to_weights.project_norm = gradients_of_raw(factors);
    std::vector<const Tensor*> in_place;
    each_weight(call.shape, call.gradients, [&](const Tensor& tensor) { in_place.push_back(&tensor); });
    auto place = in_place.begin();
    auto weight = tensors.begin() + (call.x_is_raw ? 2 : 1);
    each_weight(call.shape, to_weights, [&](Tensor& tensor) {
      if (!tensor.defined()) tensor = torch::empty_like(*weight, torch::kFloat);
      ++weight;
      result.push_back((*place++)->defined() ? Tensor() : tensor);
    });
    run_on_cuda(cuda::MBConvBackward{.forward = block_of(call, x, weights, saved, {}),
                                     .out_gradient = map_memory(gradient),
                                     .out_factors = factors_of_raw(factors),
                                     .gradients = gradients_in(to_x, to_weights)},
                x.values);
    result.insert(result.end(), {Tensor(), Tensor()});
    return result;
  }
};

}  // namespace

const char* cuda_refusal(const Tensor& x, const MBConvWeights& weights) {
  if (const char* reason = storage_refusal(x, weights.project)) return reason;
  const std::int64_t in_channels =
      weights.expand.defined() ? weights.expand.size(1) : weights.depthwise.size(0);
  if (in_channels % 8 != 0 || weights.depthwise.size(0) % 8 != 0 || weights.project.size(0) % 8 != 0)
    return "MBConv: only channels that are multiples of 8 have a kernel on CUDA";
  return nullptr;
}

Map cuda_mbconv(const Map& x, const MBConvWeights& weights, const MBConvParams& params, const Tensor& keep,
                Mode mode, const ExecutionContext& context, Finish finish) {
  Call call{.shape = shape_of(x.values, weights, params),
            .keep = keep.defined() ? keep.to(torch::kFloat) : keep,
            .x_is_raw = x.raw(),
            .out_is_raw = finish == Finish::kWhereNeeded && !params.residual && !keep.defined(),
            .x_activation = x.activation,
            .flat = context.flat_parameters()};
  const auto map_of = [&](const Tensor& values, const Tensor& norm) {
    return call.out_is_raw ? Map{values, norm, params.project_activation} : Map{values};
  };
  if (mode == Mode::kTrain) {
    variable_list list = list_of(call.shape, weights);
    if (x.raw()) list.insert(list.begin(), x.norm);
    call.gradients = gradients_of(call, weights);
    const variable_list out = CudaMBConv::apply(x.values, at::TensorList(list), weights, call);
    return map_of(out.front(), out.back());
  }
  const torch::NoGradGuard no_grad;
  MBConvWeights stored = stored_as(x.values, weights, call.flat.get());
  stored.depthwise =
      product_weight(stored.depthwise, stored.depthwise);  // it is copied in pieces of 16 bytes
  const kernels::DepthwiseShape& d = call.shape.depthwise;
  const Tensor out = map_like(x.values, call.shape.out_channels, d.out_height, d.out_width);
  const Tensor state = floats_like(x.values, {5, call.shape.out_channels});
  run_on_cuda(cuda::MBConvEvaluation{.shape = call.shape,
                                     .padding = params.padding,
                                     .storage = storage_of(x.values),
                                     .weights = pointers_of(stored),
                                     .x = map_memory(x.values),
                                     .raw_x = {norm_state(x.norm), x.activation},
                                     .project_norm = norm_state(state),
                                     .out_is_raw = call.out_is_raw,
                                     .out = map_memory(out)},
              x.values);
  return map_of(out, state);
}

}  // namespace effnet::ops
