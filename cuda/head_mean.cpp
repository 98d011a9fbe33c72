#include "cuda/head_mean.h"

namespace effnet::cuda {

WorkList work_of(const HeadMeanForward& mean, Carver&) {
  return {HeadPoolForward{.shape = mean.shape,
                          .storage = mean.storage,
                          .y = mean.x,
                          .scale = mean.raw_x.norm.scale,
                          .offset = mean.raw_x.norm.offset,
                          .activation = mean.raw_x.activation,
                          .pooled = mean.pooled}};
}

WorkList work_of(const HeadMeanBackward& backward, Carver& memory) {
  const HeadMeanForward& mean = backward.forward;
  const Index parts = head_parts(mean.shape, mean.storage), channels = mean.shape.channels;
  float* const sums = memory.take<float>(parts * 2 * channels);
  return {HeadPoolBackward{.shape = mean.shape,
                           .storage = mean.storage,
                           .pooled_gradient = backward.pooled_gradient,
                           .y = mean.x,
                           .scale = mean.raw_x.norm.scale,
                           .offset = mean.raw_x.norm.offset,
                           .activation = mean.raw_x.activation,
                           .mean = mean.raw_x.norm.mean,
                           .y_gradient = backward.x_gradient,
                           .sums = sums},
          finish_of(mean.raw_x.norm, backward.x_norm, backward.x_factors, channels, mean.shape.rows(), parts,
                    sums)};
}

}  // namespace effnet::cuda
