#include "cuda/conv_norm_act.h"

#include <stdexcept>

namespace effnet::cuda {
namespace {

PointwiseShape pointwise_shape(const kernels::ConvShape& s) {
  return {s.batch, s.in_pixels(), s.in_channels, s.out_channels};
}

RowShape row_shape(const kernels::ConvShape& s) {
  return {s.batch, s.out_pixels(), s.out_channels};
}

void check(const ConvNormActForward& conv) {
  if (conv.raw_x && !takes_raw(conv.shape))
    throw std::invalid_argument("convolution: a stem reads pictures, not a raw map");
}

// Tells a convolution how to read x where that is raw.
template <class Of>
Of reading(const RawInput& x, Of of) {
  of.scale = x.norm.scale;
  of.offset = x.norm.offset;
  of.activation = x.activation;
  return of;
}

// The way back from dy = a d + b y + c to x, the norm of a raw x and the weights.
class ConvolutionBackward {
 public:
  ConvolutionBackward(const ConvNormActBackward& work, const OutputGradient& of_y, Carver& memory,
                      WorkList& list)
      : to_(work), conv_(work.forward), s_(work.forward.shape), of_y_(of_y), memory_(memory), list_(list) {}

  void pointwise() {
    auto product = to_x(of_y(PointwiseBackward{.shape = pointwise_shape(s_)}));
    product.weight_gradient = to_.weight_gradient;
    product.weight_parts = parts_of_weights(weight_gradient_parts(product));
    add_with_input_norm(product);
  }

  void dense() {
    add_with_input_norm(to_x(of_y(DenseInputGradient{.shape = s_})));
    auto to_weights = reading(conv_.raw_x, of_y(DenseWeightGradient{.shape = s_}));
    to_weights.weight_gradient = to_.weight_gradient;
    to_weights.weight_parts = parts_of_weights(weight_gradient_parts(to_weights));
    list_.push_back(to_weights);
  }

  void stem() {
    auto to_weights = of_y(StemBackward{.shape = s_});
    to_weights.weight_gradient = to_.weight_gradient;
    to_weights.weight_parts = parts_of_weights(stem_gradient_parts(s_));
    list_.push_back(to_weights);
  }

 private:
  template <class Of>
  Of of_y(Of of) const {
    of.storage = conv_.storage;
    of.y_gradient = of_y_.d;
    of.y = conv_.y;
    of.a = of_y_.factors.a;
    of.b = of_y_.factors.b;
    of.c = of_y_.factors.c;
    of.x = conv_.x;
    return of;
  }

  template <class Of>
  Of to_x(Of of) const {
    of.weights = conv_.weights;
    of.mean = conv_.raw_x.norm.mean;
    of.x_gradient = to_.x_gradient;
    return reading(conv_.raw_x, of);
  }

  template <class Of>
  void add_with_input_norm(Of of) {
    const Index parts = gradient_parts(of);
    if (conv_.raw_x) of.sums = memory_.take<float>(parts * 2 * s_.in_channels);
    list_.push_back(of);
    if (!conv_.raw_x) return;
    list_.push_back(finish_of(conv_.raw_x.norm, to_.x_norm, to_.x_factors, s_.in_channels,
                              s_.batch * s_.in_pixels(), parts, of.sums));
  }

  float* parts_of_weights(Index parts) { return memory_.take<float>(parts * s_.patch() * s_.out_channels); }

  const ConvNormActBackward& to_;
  const ConvNormActForward& conv_;
  const kernels::ConvShape& s_;
  const OutputGradient& of_y_;
  Carver& memory_;
  WorkList& list_;
};

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
  check(conv);
  WorkList list;
  const auto add = [&](const auto& convolution, Index parts) {
    add_with_norm(list, memory, convolution, parts, s.out_channels, conv.norm, conv.state, conv.statistics);
  };
  switch (kind_of(s)) {
    case ConvKind::kPointwise: {
      const auto product = reading(conv.raw_x, PointwiseForward{.shape = pointwise_shape(s),
                                                                .storage = conv.storage,
                                                                .x = conv.x,
                                                                .weights = conv.weights,
                                                                .y = conv.y});
      add(product, moment_parts(product));
      break;
    }
    case ConvKind::kDense: {
      const auto dense = reading(
          conv.raw_x,
          DenseForward{
              .shape = s, .storage = conv.storage, .x = conv.x, .weights = conv.weights, .y = conv.y});
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
  check(conv);
  WorkList list;
  const OutputGradient of_y = conv.out_is_raw ? OutputGradient{backward.out_gradient, backward.out_factors}
                                              : add_output_backward(list, memory,
                                                                    {.shape = row_shape(s),
                                                                     .storage = conv.storage,
                                                                     .out_gradient = backward.out_gradient,
                                                                     .y = conv.y,
                                                                     .activation = s.activation},
                                                                    conv.state, backward.norm_gradients);
  ConvolutionBackward back(backward, of_y, memory, list);
  switch (kind_of(s)) {
    case ConvKind::kPointwise:
      back.pointwise();
      break;
    case ConvKind::kDense:
      back.dense();
      break;
    case ConvKind::kStem:
      back.stem();
      break;
  }
  return list;
}

}  // namespace effnet::cuda
