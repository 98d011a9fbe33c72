#include "cuda/conv_norm_act.h"

namespace effnet::cuda {
namespace {

PointwiseShape pointwise_shape(const kernels::ConvShape& s) {
  return {s.batch, s.in_pixels(), s.in_channels, s.out_channels};
}

RowShape row_shape(const kernels::ConvShape& s) {
  return {s.batch, s.out_pixels(), s.out_channels};
}

}  // namespace

const char* conv_refusal(const kernels::ConvShape& s) {
  if (!s.pointwise()) return stem_refusal(s);
  return s.in_channels % 8 == 0 && s.out_channels % 8 == 0
             ? nullptr
             : "only channels that are multiples of 8 have a kernel";
}

WorkList work_of(const ConvNormActForward& conv, Carver& memory) {
  const kernels::ConvShape& s = conv.shape;
  WorkList list;
  if (s.pointwise()) {
    const PointwiseForward product{.shape = pointwise_shape(s),
                                   .storage = conv.storage,
                                   .x = conv.x,
                                   .weights = conv.weights,
                                   .y = conv.y};
    add_with_norm(list, memory, product, moment_parts(product), s.out_channels, conv.norm, conv.state,
                  conv.statistics);
  } else {
    const StemForward stem{.shape = s,
                           .storage = conv.storage,
                           .x = conv.x,
                           .weights = static_cast<const float*>(conv.weights),
                           .y = conv.y};
    add_with_norm(list, memory, stem, stem_moment_parts(s, conv.storage), s.out_channels, conv.norm,
                  conv.state, conv.statistics);
  }
  if (conv.out_is_raw) return list;
  list.push_back(BlockOutputForward{.shape = row_shape(s),
                                    .storage = conv.storage,
                                    .y = conv.y,
                                    .scale = conv.state.scale,
                                    .offset = conv.state.offset,
                                    .activation = s.activation,
                                    .out = conv.out});
  return list;
}

WorkList work_of(const ConvNormActBackward& backward, Carver& memory) {
  const ConvNormActForward& conv = backward.forward;
  const kernels::ConvShape& s = conv.shape;
  WorkList list;
  const auto [gradient, factors] = conv.out_is_raw
                                       ? OutputGradient{backward.out_gradient, backward.out_factors}
                                       : add_output_backward(list, memory,
                                                             {.shape = row_shape(s),
                                                              .storage = conv.storage,
                                                              .out_gradient = backward.out_gradient,
                                                              .y = conv.y,
                                                              .activation = s.activation},
                                                             conv.state, backward.norm_gradients);
  if (s.pointwise()) {
    PointwiseBackward product{.shape = pointwise_shape(s),
                              .storage = conv.storage,
                              .y_gradient = gradient,
                              .y = conv.y,
                              .a = factors.a,
                              .b = factors.b,
                              .c = factors.c,
                              .x = conv.x,
                              .weights = conv.weights,
                              .x_gradient = backward.x_gradient,
                              .weight_gradient = backward.weight_gradient};
    product.weight_parts =
        memory.take<float>(weight_gradient_parts(product) * s.in_channels * s.out_channels);
    list.push_back(product);
  } else {
    list.push_back(
        StemBackward{.shape = s,
                     .storage = conv.storage,
                     .y_gradient = gradient,
                     .y = conv.y,
                     .a = factors.a,
                     .b = factors.b,
                     .c = factors.c,
                     .x = conv.x,
                     .weight_parts = memory.take<float>(stem_gradient_parts(s) * s.patch() * s.out_channels),
                     .weight_gradient = backward.weight_gradient});
  }
  return list;
}

}  // namespace effnet::cuda
