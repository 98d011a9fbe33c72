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
  Tensor expand_state, depthwise_state, project_state;  // (4, C)
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
    project_state = floats_like(x, {4, s.out_channels});
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
};

// The weights as the kernels take them: those of products stored as the maps are.
MBConvWeights stored_as(const Tensor& x, MBConvWeights weights) {
  if (weights.expand.defined()) weights.expand = product_weight(weights.expand, x);
  weights.project = product_weight(weights.project, x);
  return weights;
}

cuda::MBConvForward block_of(const Call& call, const Tensor& x, const MBConvWeights& w, const Saved& saved,
                             const Tensor& out) {
  return {.shape = call.shape,
          .storage = storage_of(x),
          .weights = {.expand = map_memory(w.expand),
                      .depthwise = float_memory(w.depthwise),
                      .reduce = float_memory(w.reduce),
                      .reduce_bias = float_memory(w.reduce_bias),
                      .gate = float_memory(w.gate),
                      .gate_bias = float_memory(w.gate_bias),
                      .project = map_memory(w.project),
                      .expand_norm = norm_weights(w.expand_norm),
                      .depthwise_norm = norm_weights(w.depthwise_norm),
                      .project_norm = norm_weights(w.project_norm)},
          .x = map_memory(x),
          .keep = float_memory(call.keep),
          .saved = saved.pointers(),
          .out = map_memory(out)};
}

cuda::MBConvGradients gradients_in(const Tensor& x, const MBConvWeights& w) {
  return {.x = map_memory(x),
          .expand = float_memory(w.expand),
          .depthwise = float_memory(w.depthwise),
          .project = float_memory(w.project),
          .reduce = float_memory(w.reduce),
          .reduce_bias = float_memory(w.reduce_bias),
          .gate = float_memory(w.gate),
          .gate_bias = float_memory(w.gate_bias),
          .expand_norm = norm_gradients(w.expand_norm),
          .depthwise_norm = norm_gradients(w.depthwise_norm),
          .project_norm = norm_gradients(w.project_norm)};
}

struct CudaMBConv : torch::autograd::Function<CudaMBConv> {
  // `list` is each_weight() of `weights`: what autograd sees.
  static Tensor forward(AutogradContext* autograd, const Tensor& x, at::TensorList,
                        const MBConvWeights& weights, const Call& call) {
    check_batch(call.shape.out_rows());
    const MBConvWeights stored = stored_as(x, weights);
    const Saved saved(call.shape, x);
    Tensor out = torch::empty_like(saved.projected);
    run_on_cuda(block_of(call, x, stored, saved, out), x);
    variable_list tensors{x};
    each_weight(call.shape, stored, [&](const Tensor& tensor) { tensors.push_back(tensor); });
    each_saved(call.shape, saved, [&](const Tensor& tensor) { tensors.push_back(tensor); });
    autograd->save_for_backward(tensors);
    SavedCall<Call>::keep(autograd, call);
    return out;
  }

  static variable_list backward(AutogradContext* autograd, const variable_list& gradients) {
    const Call& call = SavedCall<Call>::of(autograd);
    const variable_list tensors = autograd->get_saved_variables();
    auto next = tensors.begin();
    const Tensor x = *next++;
    MBConvWeights weights, to_weights;
    Saved saved;
    each_weight(call.shape, weights, [&](Tensor& tensor) { tensor = *next++; });
    each_saved(call.shape, saved, [&](Tensor& tensor) { tensor = *next++; });

    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    variable_list result{torch::empty_like(x)};
    auto weight = tensors.begin() + 1;
    each_weight(call.shape, to_weights, [&](Tensor& tensor) {
      tensor = torch::empty_like(*weight++, torch::kFloat);
      result.push_back(tensor);
    });
    run_on_cuda(cuda::MBConvBackward{.forward = block_of(call, x, weights, saved, {}),
                                     .out_gradient = map_memory(gradient),
                                     .gradients = gradients_in(result[0], to_weights)},
                x);
    result.insert(result.end(), {Tensor(), Tensor()});
    return result;
  }
};

}  // namespace

const char* cuda_refusal(const Tensor& x, const MBConvWeights& weights) {
  if (const char* reason = storage_refusal(x, weights.project)) return reason;
  if (x.size(1) % 8 != 0 || weights.depthwise.size(0) % 8 != 0 || weights.project.size(0) % 8 != 0)
    return "MBConv: only channels that are multiples of 8 have a kernel on CUDA";
  return nullptr;
}

Tensor cuda_mbconv(const Tensor& x, const MBConvWeights& weights, const MBConvParams& params,
                   const Tensor& keep, Mode mode, const ExecutionContext&) {
  const Call call{shape_of(x, weights, params), keep.defined() ? keep.to(torch::kFloat) : keep};
  if (mode == Mode::kTrain)
    return CudaMBConv::apply(x, at::TensorList(list_of(call.shape, weights)), weights, call);
  const torch::NoGradGuard no_grad;
  const MBConvWeights stored = stored_as(x, weights);
  const Saved saved(call.shape, x);
  Tensor out = torch::empty_like(saved.projected);
  cuda::MBConvForward block = block_of({call.shape, {}}, x, stored, saved, out);
  block.statistics = cuda::Statistics::kRunning;
  run_on_cuda(block, x);
  return out;
}

}  // namespace effnet::ops
