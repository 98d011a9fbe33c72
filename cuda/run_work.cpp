// Runs lists of work by the launchers. Linked where there are some: those of nvcc or the emulator's.
#include "cuda/work.h"

namespace effnet::cuda {
namespace {

struct Launch {
  Stream stream;

  void operator()(const DepthwiseForward& work) const { depthwise_forward(work, stream); }
  void operator()(const DepthwiseBackward& work) const { depthwise_backward(work, stream); }
  void operator()(const PointwiseForward& work) const { pointwise_forward(work, stream); }
  void operator()(const PointwiseBackward& work) const { pointwise_backward(work, stream); }
  void operator()(const NormForwardFinish& work) const { norm_forward_finish(work, stream); }
  void operator()(const NormBackwardFinish& work) const { norm_backward_finish(work, stream); }
  void operator()(const SePool& work) const { se_pool(work, stream); }
  void operator()(const SeLayersForward& work) const { se_layers_forward(work, stream); }
  void operator()(const SeLayersBackward& work) const { se_layers_backward(work, stream); }
  void operator()(const BlockOutputForward& work) const { block_output_forward(work, stream); }
  void operator()(const BlockOutputBackward& work) const { block_output_backward(work, stream); }
  void operator()(const HeadPoolForward& work) const { head_pool_forward(work, stream); }
  void operator()(const HeadPoolBackward& work) const { head_pool_backward(work, stream); }
  void operator()(const GradientNorm& work) const { gradient_norm(work, stream); }
  void operator()(const StemForward& work) const { stem_forward(work, stream); }
  void operator()(const StemBackward& work) const { stem_backward(work, stream); }
  void operator()(const ExpandDepthwise& work) const { expand_depthwise(work, stream); }
  void operator()(const DenseForward& work) const { dense_forward(work, stream); }
  void operator()(const DenseInputGradient& work) const { dense_input_gradient(work, stream); }
  void operator()(const DenseWeightGradient& work) const { dense_weight_gradient(work, stream); }
  void operator()(const OptimizerStep& work) const { optimizer_step(work, stream); }
};

}  // namespace

bool has_kernels() {
  return true;
}

void run(std::span<const Work> list, Stream stream) {
  for (const Work& work : list) std::visit(Launch{stream}, work);
}

}  // namespace effnet::cuda
