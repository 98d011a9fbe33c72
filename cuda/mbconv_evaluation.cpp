// A block with running statistics: its norms' numbers, then the kernels of inference.
#include "cuda/inference_net.h"
#include "cuda/mbconv.h"

namespace effnet::cuda {

WorkList work_of(const MBConvEvaluation& b, Carver& memory) {
  const MBConvShape& s = b.shape;
  const MBConvWeights& w = b.weights;
  check_raw_ends(s, b.raw_x, b.out_is_raw, false);
  WorkList list;
  const auto fixed = [&](const NormWeights& norm, const NormState& state, Index channels) {
    list.push_back(finish_of(norm, state, channels, 0, nullptr));
    return FixedNorm{state.scale, state.offset};
  };
  const auto new_state = [&](Index channels) {
    return NormState::in(memory.take<float>(NormState::size(channels)), channels);
  };
  InferenceMBConv block{.shape = s,
                        .padding = b.padding,
                        .expand = w.expand,
                        .depthwise = w.depthwise,
                        .reduce = w.reduce,
                        .reduce_bias = w.reduce_bias,
                        .gate = w.gate,
                        .gate_bias = w.gate_bias,
                        .project = w.project};
  if (s.expands) block.expand_norm = fixed(w.expand_norm, new_state(s.expanded()), s.expanded());
  block.depthwise_norm = fixed(w.depthwise_norm, new_state(s.expanded()), s.expanded());
  block.project_norm = fixed(w.project_norm, b.project_norm, s.out_channels);
  const WorkList kernels = work_of(block, b.storage,
                                   {.batch = s.batch(),
                                    .height = s.depthwise.height,
                                    .width = s.depthwise.width,
                                    .x = b.x,
                                    .norm = {b.raw_x.norm.scale, b.raw_x.norm.offset},
                                    .activation = b.raw_x.activation,
                                    .out_is_raw = b.out_is_raw,
                                    .out = b.out},
                                   memory);
  list.insert(list.end(), kernels.begin(), kernels.end());
  return list;
}

}  // namespace effnet::cuda
