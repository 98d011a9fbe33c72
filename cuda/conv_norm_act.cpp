#include "cuda/conv_norm_act.h"

namespace effnet::cuda {
namespace {

PointwiseShape pointwise_shape(const kernels::ConvShape& s) {
  return {s.batch, s.in_pixels(), s.in_channels, s.out_channels};
}

RowShape row_shape(const kernels::ConvShape& s) {
  return {s.batch, s.out_pixels(), s.out_channels};
}

void add_dense_backward(WorkList& list, Carver& memory, const ConvNormActBackward& backward,
                        const OutputGradient& of_y) {
  const ConvNormActForward& conv = backward.forward;
  const NormFactors& factors = of_y.factors;
  list.push_back(DenseInputGradient{.shape = conv.shape,
                                    .storage = conv.storage,
                                    .y_gradient = of_y.d,
                                    .y = conv.y,
                                    .a = factors.a,
                                    .b = factors.b,
                                    .c = factors.c,
                                    .weights = conv.weights,
                                    .x_gradient = backward.x_gradient});
  DenseWeightGradient to_weights{.shape = conv.shape,
                                 .storage = conv.storage,
                                 .y_gradient = of_y.d,
                                 .y = conv.y,
                                 .a = factors.a,
                                 .b = factors.b,
                                 .c = factors.c,
                                 .x = conv.x,
                                 .weight_gradient = backward.weight_gradient};
  to_weights.weight_parts =
      memory.take<float>(weight_gradient_parts(to_weights) * conv.shape.patch() * conv.shape.out_channels);
  list.push_back(to_weights);
}

}  // namespace

ConvKind kind_of(const kernels::ConvShape& s) {
  if (s.pointwise()) return ConvKind::kPointwise;
  return s.in_channels == 1 || s.in_channels == 3 ? ConvKind::kStem : ConvKind::kDense;
}

const char* conv_refusal(const kernels::ConvShape& s) {
  switch (kind_of(s)) {
    case ConvKind::kStem:
      return stem_refusal(s);
    case ConvKind::kDense:
      return dense_refusal(s);
    case ConvKind::kPointwise:
      break;
  }
  return s.in_channels % 8 == 0 && s.out_channels % 8 == 0
             ? nullptr
             : "only channels that are multiples of 8 have a kernel";
}

WorkList work_of(const ConvNormActForward& conv, Carver& memory) {
  const kernels::ConvShape& s = conv.shape;
  WorkList list;
  const auto add = [&](const auto& convolution, Index parts) {
    add_with_norm(list, memory, convolution, parts, s.out_channels, conv.norm, conv.state, conv.statistics);
  };
  switch (kind_of(s)) {
    case ConvKind::kPointwise: {
      const PointwiseForward product{.shape = pointwise_shape(s),
                                     .storage = conv.storage,
                                     .x = conv.x,
                                     .weights = conv.weights,
                                     .y = conv.y};
      add(product, moment_parts(product));
      break;
    }
    case ConvKind::kDense: {
      const DenseForward dense{
          .shape = s, .storage = conv.storage, .x = conv.x, .weights = conv.weights, .y = conv.y};
      add(dense, moment_parts(dense));
      break;
    }
    case ConvKind::kStem: {
      const StemForward stem{.shape = s,
                             .storage = conv.storage,
                             .x = conv.x,
                             .weights = static_cast<const float*>(conv.weights),
                             .y = conv.y};
      add(stem, stem_moment_parts(s, conv.storage));
      break;
    }
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
  const auto parts_of_weights = [&](Index parts) {
    return memory.take<float>(parts * s.patch() * s.out_channels);
  };
  switch (kind_of(s)) {
    case ConvKind::kPointwise: {
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
      product.weight_parts = parts_of_weights(weight_gradient_parts(product));
      list.push_back(product);
      break;
    }
    case ConvKind::kDense:
      add_dense_backward(list, memory, backward, {gradient, factors});
      break;
    case ConvKind::kStem:
      list.push_back(StemBackward{.shape = s,
                                  .storage = conv.storage,
                                  .y_gradient = gradient,
                                  .y = conv.y,
                                  .a = factors.a,
                                  .b = factors.b,
                                  .c = factors.c,
                                  .x = conv.x,
                                  .weight_parts = parts_of_weights(stem_gradient_parts(s)),
                                  .weight_gradient = backward.weight_gradient});
      break;
  }
  return list;
}

}  // namespace effnet::cuda
