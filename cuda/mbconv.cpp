#include "cuda/mbconv.h"

#include <stdexcept>

namespace effnet::cuda {
namespace {

PointwiseShape expand_shape(const MBConvShape& s) {
  return {s.batch(), s.depthwise.height * s.depthwise.width, s.in_channels, s.expanded()};
}

PointwiseShape project_shape(const MBConvShape& s) {
  return {s.batch(), s.depthwise.out_height * s.depthwise.out_width, s.expanded(), s.out_channels};
}

RowShape output_shape(const MBConvShape& s) {
  return {s.batch(), s.depthwise.out_height * s.depthwise.out_width, s.out_channels};
}

RowShape pool_shape(const MBConvShape& s) {
  return {s.batch(), s.depthwise.out_height * s.depthwise.out_width, s.expanded()};
}

kernels::SqueezeExciteShape squeeze_shape(const MBConvShape& s) {
  return {s.batch(), s.depthwise.out_height * s.depthwise.out_width, s.expanded(), s.squeezed_channels,
          s.activation};
}

// What the depthwise convolution applies to what it reads.
RawInput depthwise_input(const MBConvForward& b) {
  return b.shape.expands ? RawInput{b.saved.expand_norm, b.shape.activation} : b.raw_x;
}

}  // namespace

void check_raw_ends(const MBConvShape& shape, const RawInput& x, bool out_is_raw, bool drops_paths) {
  if (x && !takes_raw(shape, x.activation))
    throw std::invalid_argument("MBConv: a block with a residual needs values that an activation has passed");
  if (out_is_raw && (shape.residual || drops_paths))
    throw std::invalid_argument("MBConv: a sum or drop-path leaves no raw map");
}

Index pool_sums_size(const MBConvShape& shape, Storage storage) {
  return shape.squeezes() ? shape.batch() * pool_parts(pool_shape(shape), storage) * 3 * shape.expanded() : 0;
}

WorkList work_of(const MBConvForward& b, Carver& memory) {
  const MBConvShape& s = b.shape;
  const MBConvSaved& saved = b.saved;
  check_raw_ends(s, b.raw_x, b.out_is_raw, b.keep != nullptr);
  WorkList list;
  if (s.expands) {
    PointwiseForward expand{.shape = expand_shape(s),
                            .storage = b.storage,
                            .x = b.x,
                            .scale = b.raw_x.norm.scale,
                            .offset = b.raw_x.norm.offset,
                            .activation = b.raw_x.activation,
                            .weights = b.weights.expand,
                            .y = saved.expanded};
    add_with_norm(list, memory, expand, moment_parts(expand), s.expanded(), b.weights.expand_norm,
                  saved.expand_norm, Statistics::kBatch);
  }
  const RawInput input = depthwise_input(b);
  DepthwiseForward depthwise{.shape = s.depthwise,
                             .storage = b.storage,
                             .x = s.expands ? saved.expanded : b.x,
                             .scale = input.norm.scale,
                             .offset = input.norm.offset,
                             .activation = input.activation,
                             .weights = b.weights.depthwise,
                             .y = saved.depthwise};
  add_with_norm(list, memory, depthwise, moment_parts(s.depthwise), s.expanded(), b.weights.depthwise_norm,
                saved.depthwise_norm, Statistics::kBatch);
  if (s.squeezes()) {
    list.push_back(SePool{.shape = pool_shape(s),
                          .storage = b.storage,
                          .y = saved.depthwise,
                          .scale = saved.depthwise_norm.scale,
                          .offset = saved.depthwise_norm.offset,
                          .activation = s.activation,
                          .mean = saved.depthwise_norm.mean,
                          .sums = saved.pool_sums});
    list.push_back(SeLayersForward{.shape = squeeze_shape(s),
                                   .parts = pool_parts(pool_shape(s), b.storage),
                                   .numbers = 3,
                                   .pool_sums = saved.pool_sums,
                                   .reduce = b.weights.reduce,
                                   .reduce_bias = b.weights.reduce_bias,
                                   .expand = b.weights.gate,
                                   .expand_bias = b.weights.gate_bias,
                                   .pooled = saved.pooled,
                                   .squeezed = saved.squeezed,
                                   .gate = saved.gate});
  }
  PointwiseForward project{.shape = project_shape(s),
                           .storage = b.storage,
                           .x = saved.depthwise,
                           .scale = saved.depthwise_norm.scale,
                           .offset = saved.depthwise_norm.offset,
                           .activation = s.activation,
                           .gate = saved.gate,
                           .weights = b.weights.project,
                           .y = saved.projected};
  add_with_norm(list, memory, project, moment_parts(project), s.out_channels, b.weights.project_norm,
                saved.project_norm, Statistics::kBatch);
  if (b.out_is_raw) return list;
  list.push_back(BlockOutputForward{.shape = output_shape(s),
                                    .storage = b.storage,
                                    .y = saved.projected,
                                    .scale = saved.project_norm.scale,
                                    .offset = saved.project_norm.offset,
                                    .activation = s.project_activation,
                                    .keep = b.keep,
                                    .x = s.residual ? b.x : nullptr,
                                    .x_scale = b.raw_x.norm.scale,
                                    .x_offset = b.raw_x.norm.offset,
                                    .out = b.out});
  return list;
}

namespace {

// The way back, a convolution a step; each leaves what the next one reads.
class BackwardChain {
 public:
  BackwardChain(const MBConvBackward& work, Carver& memory)
      : b_(work.forward),
        s_(work.forward.shape),
        saved_(work.forward.saved),
        to_(work.gradients),
        out_gradient_(work.out_gradient),
        memory_(memory),
        gradient_(work.out_gradient),
        factors_(work.out_factors) {}

  WorkList list() {
    if (!b_.out_is_raw) output();
    project();
    depthwise();
    if (s_.expands) expand();
    return std::move(list_);
  }

 private:
  void* map(Index values) {
    return memory_.take<std::byte>(values * static_cast<Index>(bytes_of(b_.storage)));
  }
  // The norm behind a map of so many rows.
  void finish_norm(const NormState& state, const NormGradients& gradients, Index channels, Index rows,
                   Index parts, const float* sums) {
    factors_ = take_factors(memory_, channels);
    list_.push_back(finish_of(state, gradients, factors_, channels, rows, parts, sums));
  }

  void finish_input_norm(Index parts, const float* sums) {
    list_.push_back(
        finish_of(b_.raw_x.norm, to_.x_norm, to_.x_factors, s_.in_channels, s_.in_rows(), parts, sums));
  }

  void output();
  void project();
  void squeeze(const PointwiseBackward& project);
  void depthwise();
  void expand();

  const MBConvForward& b_;
  const MBConvShape& s_;
  const MBConvSaved& saved_;
  const MBConvGradients& to_;
  const void* out_gradient_;
  Carver& memory_;
  WorkList list_;
  const void* gradient_;                  // d of the last step, or g
  const float* mean_gradient_ = nullptr;  // p
  NormFactors factors_;                   // of the norm that d belongs to
};

void BackwardChain::output() {
  const OutputGradient output = add_output_backward(list_, memory_,
                                                    {.shape = output_shape(s_),
                                                     .storage = b_.storage,
                                                     .out_gradient = out_gradient_,
                                                     .y = saved_.projected,
                                                     .activation = s_.project_activation,
                                                     .keep = b_.keep},
                                                    saved_.project_norm, to_.project_norm);
  gradient_ = output.d;
  factors_ = output.factors;
}

void BackwardChain::project() {
  PointwiseBackward work{.shape = project_shape(s_),
                         .storage = b_.storage,
                         .y_gradient = gradient_,
                         .y = saved_.projected,
                         .a = factors_.a,
                         .b = factors_.b,
                         .c = factors_.c,
                         .x = saved_.depthwise,
                         .scale = saved_.depthwise_norm.scale,
                         .offset = saved_.depthwise_norm.offset,
                         .activation = s_.activation,
                         .gate = saved_.gate,
                         .mean = saved_.depthwise_norm.mean,
                         .weights = b_.weights.project,
                         .x_gradient = map(s_.out_rows() * s_.expanded()),
                         .weight_gradient = to_.project};
  work.weight_parts = memory_.take<float>(weight_gradient_parts(work) * s_.expanded() * s_.out_channels);
  gradient_ = work.x_gradient;
  if (s_.squeezes()) {
    work.gate_sums = memory_.take<float>(s_.batch() * gate_parts(work) * 3 * s_.expanded());
    list_.push_back(work);
    squeeze(work);
  } else {
    const Index parts = gradient_parts(work);
    work.sums = memory_.take<float>(parts * 2 * s_.expanded());
    list_.push_back(work);
    finish_norm(saved_.depthwise_norm, to_.depthwise_norm, s_.expanded(), s_.out_rows(), parts, work.sums);
  }
}

void BackwardChain::squeeze(const PointwiseBackward& project) {
  const SeLayersBackward work{.shape = squeeze_shape(s_),
                              .gate_parts = gate_parts(project),
                              .pool_parts = pool_parts(pool_shape(s_), b_.storage),
                              .gate_sums = project.gate_sums,
                              .pool_sums = saved_.pool_sums,
                              .pooled = saved_.pooled,
                              .squeezed = saved_.squeezed,
                              .gate = saved_.gate,
                              .reduce = b_.weights.reduce,
                              .expand = b_.weights.gate,
                              .logit_gradient = memory_.take<float>(s_.batch() * s_.expanded()),
                              .squeezed_gradient = memory_.take<float>(s_.batch() * s_.squeezed_channels),
                              .mean_gradient = memory_.take<float>(s_.batch() * s_.expanded()),
                              .norm_sums = memory_.take<float>(s_.batch() * 2 * s_.expanded()),
                              .reduce_gradient = to_.reduce,
                              .reduce_bias_gradient = to_.reduce_bias,
                              .expand_gradient = to_.gate,
                              .expand_bias_gradient = to_.gate_bias};
  mean_gradient_ = work.mean_gradient;
  list_.push_back(work);
  finish_norm(saved_.depthwise_norm, to_.depthwise_norm, s_.expanded(), s_.out_rows(), s_.batch(),
              work.norm_sums);
}

void BackwardChain::depthwise() {
  const RawInput input = depthwise_input(b_);
  DepthwiseBackward work{.shape = s_.depthwise,
                         .storage = b_.storage,
                         .y_gradient = gradient_,
                         .y = saved_.depthwise,
                         .a = factors_.a,
                         .b = factors_.b,
                         .c = factors_.c,
                         .x = s_.expands ? saved_.expanded : b_.x,
                         .scale = input.norm.scale,
                         .offset = input.norm.offset,
                         .activation = input.activation,
                         .mean = input.norm.mean,
                         .weights = b_.weights.depthwise,
                         .addend = s_.residual && !s_.expands ? out_gradient_ : nullptr,
                         .x_gradient = s_.expands ? map(s_.in_rows() * s_.expanded()) : to_.x,
                         .weight_gradient = to_.depthwise};
  if (s_.squeezes()) {
    work.gate = saved_.gate;
    work.mean_gradient = mean_gradient_;
    work.y_scale = saved_.depthwise_norm.scale;
    work.y_offset = saved_.depthwise_norm.offset;
    work.y_activation = s_.activation;
  }
  const Index parts = gradient_parts(s_.depthwise), taps = s_.depthwise.kernel * s_.depthwise.kernel;
  work.weight_parts = memory_.take<float>(parts * taps * s_.expanded());
  if (input) work.sums = memory_.take<float>(parts * 2 * s_.expanded());
  gradient_ = work.x_gradient;
  list_.push_back(work);
  if (s_.expands) {
    finish_norm(saved_.expand_norm, to_.expand_norm, s_.expanded(), s_.in_rows(), parts, work.sums);
  } else if (input) {
    finish_input_norm(parts, work.sums);
  }
}

void BackwardChain::expand() {
  PointwiseBackward work{.shape = expand_shape(s_),
                         .storage = b_.storage,
                         .y_gradient = gradient_,
                         .y = saved_.expanded,
                         .a = factors_.a,
                         .b = factors_.b,
                         .c = factors_.c,
                         .x = b_.x,
                         .scale = b_.raw_x.norm.scale,
                         .offset = b_.raw_x.norm.offset,
                         .activation = b_.raw_x.activation,
                         .mean = b_.raw_x.norm.mean,
                         .weights = b_.weights.expand,
                         .addend = s_.residual ? out_gradient_ : nullptr,
                         .x_gradient = to_.x,
                         .weight_gradient = to_.expand};
  work.weight_parts = memory_.take<float>(weight_gradient_parts(work) * s_.in_channels * s_.expanded());
  const Index parts = gradient_parts(work);
  if (b_.raw_x) work.sums = memory_.take<float>(parts * 2 * s_.in_channels);
  list_.push_back(work);
  if (b_.raw_x) finish_input_norm(parts, work.sums);
}

}  // namespace

WorkList work_of(const MBConvBackward& block, Carver& memory) {
  const MBConvForward& b = block.forward;
  check_raw_ends(b.shape, b.raw_x, b.out_is_raw, b.keep != nullptr);
  return BackwardChain(block, memory).list();
}

}  // namespace effnet::cuda
