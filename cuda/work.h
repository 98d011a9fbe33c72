// A chain of kernels as a list of what each is given, in the order of the launches. Who puts kernels together
// (mbconv.h, conv_norm_act.h) makes such a list; it can be run, or its bytes be counted without a device.
#pragma once

#include <span>
#include <variant>
#include <vector>

#include "cuda/block_output.h"
#include "cuda/dense_forward.h"
#include "cuda/dense_input_gradient.h"
#include "cuda/dense_weight_gradient.h"
#include "cuda/depthwise_backward.h"
#include "cuda/depthwise_forward.h"
#include "cuda/expand_depthwise.h"
#include "cuda/head_pool.h"
#include "cuda/norm_finish.h"
#include "cuda/optimizer_step.h"
#include "cuda/pointwise_backward.h"
#include "cuda/pointwise_forward.h"
#include "cuda/se_layers.h"
#include "cuda/se_pool.h"
#include "cuda/stem.h"

namespace effnet::cuda {

using Work = std::variant<DepthwiseForward, DepthwiseBackward, PointwiseForward, PointwiseBackward,
                          NormForwardFinish, NormBackwardFinish, SePool, SeLayersForward, SeLayersBackward,
                          BlockOutputForward, BlockOutputBackward, HeadPoolForward, HeadPoolBackward,
                          GradientNorm, OptimizerStep, StemForward, StemBackward, ExpandDepthwise,
                          DenseForward, DenseInputGradient, DenseWeightGradient>;
using WorkList = std::vector<Work>;

// Whether this program was built with nvcc, or with the emulator in its place.
bool has_kernels();

// Launches one after the other; throws and returns as the launchers do. std::logic_error in a program without kernels.
void run(std::span<const Work> list, Stream stream);
inline void run(const Work& work, Stream stream) {
  run(std::span(&work, 1), stream);
}

BytesModel bytes_of(std::span<const Work> list);

}  // namespace effnet::cuda
