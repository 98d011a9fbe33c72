#include "apps/effnet_bench/kernel_names.h"

namespace effnet::apps {
namespace {

struct Name {
  const char* operator()(const cuda::BlockOutputBackward&) const { return "block_output_backward"; }
  const char* operator()(const cuda::BlockOutputForward&) const { return "block_output_forward"; }
  const char* operator()(const cuda::DenseForward&) const { return "dense_forward"; }
  const char* operator()(const cuda::DenseInputGradient&) const { return "dense_input_gradient"; }
  const char* operator()(const cuda::DenseWeightGradient&) const { return "dense_weight_gradient"; }
  const char* operator()(const cuda::DepthwiseBackward&) const { return "depthwise_backward"; }
  const char* operator()(const cuda::DepthwiseForward&) const { return "depthwise_forward"; }
  const char* operator()(const cuda::ExpandDepthwise&) const { return "expand_depthwise"; }
  const char* operator()(const cuda::GradientNorm&) const { return "gradient_norm"; }
  const char* operator()(const cuda::HeadPoolBackward&) const { return "head_pool_backward"; }
  const char* operator()(const cuda::HeadPoolForward&) const { return "head_pool_forward"; }
  const char* operator()(const cuda::NormBackwardFinish&) const { return "norm_backward_finish"; }
  const char* operator()(const cuda::NormForwardFinish&) const { return "norm_forward_finish"; }
  const char* operator()(const cuda::OptimizerStep&) const { return "optimizer_step"; }
  const char* operator()(const cuda::PointwiseBackward&) const { return "pointwise_backward"; }
  const char* operator()(const cuda::PointwiseForward&) const { return "pointwise_forward"; }
  const char* operator()(const cuda::SeLayersBackward&) const { return "se_layers_backward"; }
  const char* operator()(const cuda::SeLayersForward&) const { return "se_layers_forward"; }
  const char* operator()(const cuda::SePool&) const { return "se_pool"; }
  const char* operator()(const cuda::StemBackward&) const { return "stem_backward"; }
  const char* operator()(const cuda::StemForward&) const { return "stem_forward"; }
};

}  // namespace

const char* kernel_name(const cuda::Work& work) {
  return std::visit(Name(), work);
}

}  // namespace effnet::apps
