#include "ops/cpu_mbconv.h"

#include "ops/cpu_execution.h"
#include "ops/mbconv_parts.h"
#include "ops/saved_call.h"

namespace effnet::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kRoom =
    16;  // floats behind a matrix whose rows are read to the end of their last vector

// The tensors that a forward pass leaves; what the block does not have is undefined.
struct Saved {
  Tensor expanded, depthwise, projected;                // raw maps
  Tensor input_moments;                                 // instead of `expanded` where it is made again
  Tensor expand_state, depthwise_state, project_state;  // (4, C)
  Tensor pooled, squeezed, gate;                        // (N, Ce), (N, Cs), (N, Ce)

  explicit Saved(const cpu::MBConvShape& s) {
    const auto with_room = [](std::int64_t rows, std::int64_t columns) {
      return torch::empty({rows * columns + kRoom}).narrow(0, 0, rows * columns).view({rows, columns});
    };
    const kernels::DepthwiseShape& d = s.depthwise;
    if (s.expands) {
      if (cpu::expands_again(s))
        input_moments = torch::empty({s.in_channels * (s.in_channels + 1)});
      else
        expanded = new_map(d.batch, d.channels, d.height, d.width);
      expand_state = torch::empty({4, d.channels});
    }
    depthwise = new_map(d.batch, d.channels, d.out_height, d.out_width);
    depthwise_state = torch::empty({4, d.channels});
    projected = new_map(d.batch, s.out_channels, d.out_height, d.out_width);
    project_state = torch::empty({4, s.out_channels});
    if (s.squeezes()) {
      pooled = with_room(d.batch, d.channels);
      squeezed = with_room(d.batch, s.squeezed_channels);
      gate = with_room(d.batch, d.channels);
    }
  }
  Saved() = default;

  cpu::MBConvSaved pointers() const {
    return {.expanded = memory_of(expanded),
            .input_moments = memory_of(input_moments),
            .depthwise = memory_of(depthwise),
            .projected = memory_of(projected),
            .expand_norm = state_in(expand_state),
            .depthwise_norm = state_in(depthwise_state),
            .project_norm = state_in(project_state),
            .pooled = memory_of(pooled),
            .squeezed = memory_of(squeezed),
            .gate = memory_of(gate)};
  }
};

// visit(tensor) for what a block of this shape has, in one order: autograd takes no undefined tensors.
template <class Of, class Visit>
void each_saved(const cpu::MBConvShape& shape, Of& saved, Visit&& visit) {
  for (auto* tensor : {&saved.depthwise, &saved.projected, &saved.depthwise_state, &saved.project_state})
    visit(*tensor);
  if (shape.expands) {
    visit(cpu::expands_again(shape) ? saved.input_moments : saved.expanded);
    visit(saved.expand_state);
  }
  if (shape.squeezes()) {
    for (auto* tensor : {&saved.pooled, &saved.squeezed, &saved.gate}) visit(*tensor);
  }
}

struct Call {
  cpu::MBConvShape shape;
  Tensor keep;  // nobody asks for its gradient
  ExecutionContext context;
};

struct CpuMBConv : torch::autograd::Function<CpuMBConv> {
  // `list` is each_weight() of `weights`: what autograd sees.
  static Tensor forward(AutogradContext* autograd, const Tensor& x, at::TensorList list,
                        const MBConvWeights& weights, const Call& call) {
    check_batch(call.shape.out_rows());
    const Saved saved(call.shape);
    Tensor out = torch::empty_like(saved.projected);
    cpu::mbconv_forward(execution_of(call.context), call.shape, pointers_of(weights), data_of(x),
                        data_of(call.keep), cpu::Statistics::kBatch, saved.pointers(), memory_of(out));
    variable_list tensors{x};
    tensors.insert(tensors.end(), list.begin(), list.end());
    each_saved(call.shape, saved, [&](const Tensor& tensor) { tensors.push_back(tensor); });
    autograd->save_for_backward(tensors);
    SavedCall<Call>::keep(autograd, call);
    return out;
  }

  static variable_list backward(AutogradContext* autograd, const variable_list& gradients) {
    const auto& [shape, keep, context] = SavedCall<Call>::of(autograd);
    const variable_list tensors = autograd->get_saved_variables();
    auto next = tensors.begin();
    const Tensor x = *next++;
    MBConvWeights weights, to_weights;
    Saved saved;
    each_weight(shape, weights, [&](Tensor& tensor) { tensor = *next++; });
    each_saved(shape, saved, [&](Tensor& tensor) { tensor = *next++; });

    const Tensor gradient = gradients[0].contiguous(kChannelsLast);
    const Tensor depthwise_gradient = torch::empty_like(saved.depthwise);
    const Tensor expanded_gradient = saved.expanded.defined() ? torch::empty_like(saved.expanded) : Tensor();
    variable_list result{autograd->needs_input_grad(0) ? torch::empty_like(x) : Tensor()};
    auto weight = tensors.begin() + 1;
    each_weight(shape, to_weights,
                [&](Tensor& tensor) { result.push_back(tensor = torch::empty_like(*weight++)); });
    cpu::mbconv_backward(execution_of(context), shape, pointers_of(weights), data_of(x), data_of(keep),
                         saved.pointers(), data_of(gradient), memory_of(expanded_gradient),
                         memory_of(depthwise_gradient),
                         {.x = memory_of(result[0]),
                          .expand = memory_of(to_weights.expand),
                          .depthwise = memory_of(to_weights.depthwise),
                          .project = memory_of(to_weights.project),
                          .reduce = memory_of(to_weights.reduce),
                          .reduce_bias = memory_of(to_weights.reduce_bias),
                          .gate = memory_of(to_weights.gate),
                          .gate_bias = memory_of(to_weights.gate_bias),
                          .expand_norm_weight = memory_of(to_weights.expand_norm.weight),
                          .expand_norm_bias = memory_of(to_weights.expand_norm.bias),
                          .depthwise_norm_weight = memory_of(to_weights.depthwise_norm.weight),
                          .depthwise_norm_bias = memory_of(to_weights.depthwise_norm.bias),
                          .project_norm_weight = memory_of(to_weights.project_norm.weight),
                          .project_norm_bias = memory_of(to_weights.project_norm.bias)});
    result.insert(result.end(), {Tensor(), Tensor()});
    return result;
  }
};

}  // namespace

const char* cpu_refusal(const Tensor& x, const MBConvWeights& weights) {
  if (!are_cpu_floats({x, weights.depthwise, weights.project}))
    return "MBConv: only float has a kernel on the CPU";
  return nullptr;
}

cpu::MBConvWeights pointers_of(const MBConvWeights& w) {
  return {.expand = data_of(w.expand),
          .depthwise = data_of(w.depthwise),
          .reduce = data_of(w.reduce),
          .reduce_bias = data_of(w.reduce_bias),
          .gate = data_of(w.gate),
          .gate_bias = data_of(w.gate_bias),
          .project = data_of(w.project),
          .expand_norm = weights_of(w.expand_norm),
          .depthwise_norm = weights_of(w.depthwise_norm),
          .project_norm = weights_of(w.project_norm)};
}

Tensor cpu_mbconv(const Tensor& x, const MBConvWeights& weights, const MBConvParams& params,
                  const Tensor& keep, Mode mode, const ExecutionContext& context) {
  const cpu::MBConvShape shape = shape_of(x, weights, params);
  if (mode == Mode::kTrain)
    return CpuMBConv::apply(x, at::TensorList(list_of(shape, weights)), weights, Call{shape, keep, context});
  const torch::NoGradGuard no_grad;
  const Saved saved(shape);
  cpu::mbconv_forward(execution_of(context), shape, pointers_of(weights), data_of(x), nullptr,
                      cpu::Statistics::kRunning, saved.pointers(), memory_of(saved.projected));
  return saved.projected;
}

}  // namespace effnet::ops
