// The training backward pass in four sweeps, each ended by the sums that batch norm's gradient needs (d is the gradient
// of what a batch norm puts out, dy of what it takes in: dy = a d + b (y - mean) + c a channel):
//   output     sums of d3 = d out * keep * project_act'
//   project    dy3 -> dW3, the squeeze's gradients, d2;        sums of d2
//   depthwise  dy2 -> weight gradient, d1;                     sums of d1
//   expand     dy1 -> dW1, dx
// Weight gradients are summed a task and then over the tasks in their order.
#include <algorithm>

#include "cpu/depthwise_tiles.h"
#include "cpu/expansion.h"
#include "cpu/input_moments.h"
#include "cpu/mbconv.h"
#include "cpu/row_tiles.h"
#include "cpu/squeeze_excite.h"
#include "cpu/sum_tasks.h"

namespace effnet::cpu {
namespace {

constexpr Index kTileBudget = 16 * 1024;  // floats of a blocked copy; two are at work

class Backward {
 public:
  Backward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights, const float* x,
           const float* keep, const MBConvSaved& saved, const float* out_gradient, float* expanded_gradient,
           float* depthwise_gradient, const MBConvGradients& gradients)
      : k_(execution.kernels),
        parallel_(execution.parallel),
        workspace_(execution.workspace),
        shape_(shape),
        weights_(weights),
        x_(x),
        keep_(keep),
        saved_(saved),
        out_gradient_(out_gradient),
        d1_(expanded_gradient),
        d2_(depthwise_gradient),
        gradients_(gradients),
        tiles_(k_, shape.depthwise, kTileBudget),
        tile_rows_(rows_a_tile(shape.expanded())),
        out_pixels_(shape.depthwise.out_height * shape.depthwise.out_width),
        group_(std::max<Index>(1, tile_rows_ / out_pixels_)),
        in_tasks_(shape.batch(), shape.depthwise.height * shape.depthwise.width,
                  shape.expanded() * shape.in_channels),
        out_tasks_(shape.batch(), out_pixels_, shape.expanded() * shape.out_channels),
        norm3_(shape.out_channels, out_tasks_.tasks),
        norm2_(shape.expanded(), out_tasks_.tasks),
        norm1_(shape.expanded(), in_tasks_.tasks) {}

  void run() {
    reserve();
    output();
    project();
    depthwise();
    if (shape_.expands) expand();
  }

 private:
  Index wide() const { return shape_.expanded(); }
  Index narrow() const { return shape_.out_channels; }
  Index padded() const { return k_.padded(wide()); }
  Index padded_narrow() const { return k_.padded(narrow()); }

  void reserve() {
    const Index se_rows = Carver::size_of(group_ * wide());
    const Index of_project = 3 * Carver::size_of(tile_rows_ * padded()) +
                             Carver::size_of(tile_rows_ * padded_narrow()) + Carver::size_of(narrow()) +
                             Carver::size_of(narrow() * wide()) + Carver::size_of(se_work()) + 2 * se_rows;
    const Index of_depthwise = Carver::size_of(tiles_.input_size()) + Carver::size_of(tiles_.gradient_size()) +
                               Carver::size_of(own_size()) + Carver::size_of(again() ? own_size() : 0) +
                               Carver::size_of(shape_.depthwise.width * wide());
    const Index of_expand = Carver::size_of(tile_rows_ * padded());
    const Index of_worker = std::max({of_project, of_depthwise, of_expand});

    const Index project_shared = Carver::size_of(k_.packed_size(narrow(), wide())) +
                                 Carver::size_of(out_tasks_.tasks * narrow() * wide()) +
                                 SqueezeExcite::size(k_, shape_) +
                                 (shape_.squeezes() ? Carver::size_of(shape_.batch() * wide()) +
                                                          2 * Carver::size_of(shape_.batch() * shape_.squeezed_channels)
                                                    : 0);
    const Index depthwise_shared = (1 + in_tasks_.tasks) * Carver::size_of(tiles_.packed_size()) +
                                   Expansion::panels_size(k_, shape_, tiles_) +
                                   (again() ? Carver::size_of(in_tasks_.tasks * shape_.in_channels * wide()) : 0);
    const Index expand_shared = shape_.expands ? Carver::size_of(k_.packed_size(wide(), shape_.in_channels)) +
                                                     Carver::size_of((1 + in_tasks_.tasks) * shape_.in_channels * wide())
                                               : 0;
    workspace_.reserve(parallel_.workers, of_worker, std::max({project_shared, depthwise_shared, expand_shared}));
  }

  bool again() const { return expands_again(shape_); }

  // The rows of x that a tile's gradient writes, (rows, the tile's channels).
  Index own_size() const {
    Index size = 0;
    for (const DepthwiseTile& tile : tiles_.tiles())
      size = std::max(size, tile.in_rows.size() * shape_.depthwise.width * tile.channels.size());
    return shape_.expands ? size : 0;
  }

  Index se_work() const { return group_ * (wide() + 2 * shape_.squeezed_channels) + 64; }

  // The gradient of what norm3 puts out, for rows of one picture (or of any, without drop-path).
  ActivationGradient output_gradient(Range rows, const float* keep_row) const {
    return {.rows = rows.size(),
            .channels = narrow(),
            .gradient = out_gradient_ + rows.first * narrow(),
            .gradient_row = narrow(),
            .x = saved_.projected + rows.first * narrow(),
            .x_row = narrow(),
            .gate = keep_row,
            .scale = saved_.project_norm.scale,
            .offset = saved_.project_norm.offset,
            .mean = saved_.project_norm.mean,
            .activation = shape_.project_activation};
  }

  // work(rows, row of the keep factor) for the rows of `range`, picture by picture where there is drop-path.
  template <class Work>
  void each_kept(Range rows, float* keep_row, Work&& work) const {
    if (!keep_) return work(rows, static_cast<const float*>(nullptr));
    while (rows.size() > 0) {
      const Index picture = rows.first / out_pixels_;
      const Range part{rows.first, std::min(rows.last, (picture + 1) * out_pixels_)};
      std::fill_n(keep_row, narrow(), keep_[picture]);
      work(part, static_cast<const float*>(keep_row));
      rows.first = part.last;
    }
  }

  void output() {
    parallel_.run(out_tasks_.tasks, [&](Index task, int worker) {
      const Range pictures = out_tasks_.of(task);
      each_kept({pictures.first * out_pixels_, pictures.last * out_pixels_}, workspace_.of_worker(worker),
                [&](Range rows, const float* keep_row) {
                  ActivationGradient of = output_gradient(rows, keep_row);
                  of.sum = norm3_.sum(task);
                  of.product = norm3_.product(task);
                  k_.activation_gradient(of);
                });
    });
    norm3_.finish(saved_.project_norm, shape_.out_rows(), gradients_.project_norm_weight,
                  gradients_.project_norm_bias);
  }

  // What one worker's project sweep works in.
  struct ProjectWork {
    float *activated, *slope;     // (tile rows, padded Ce): a2 and act' there
    float* gradient;              // (tile rows, padded Ce): of a2
    float* projected;             // (tile rows, padded Cout): dy3
    float* keep_row;              // (Cout)
    float* product;               // (Cout, Ce): dy3^T a2 of one large picture
    float* squeeze;
    float *gate_gradient, *constant;  // (group, Ce)
  };

  ProjectWork project_work(int worker) const {
    Carver carver(workspace_.of_worker(worker));
    ProjectWork w{};
    w.activated = carver.take(tile_rows_ * padded());
    w.slope = carver.take(tile_rows_ * padded());
    w.gradient = carver.take(tile_rows_ * padded());
    w.projected = carver.take(tile_rows_ * padded_narrow());
    w.keep_row = carver.take(narrow());
    w.product = carver.take(narrow() * wide());
    w.squeeze = carver.take(se_work());
    w.gate_gradient = carver.take(group_ * wide());
    w.constant = carver.take(group_ * wide());
    return w;
  }

  void project() {
    Carver shared(workspace_.shared());
    panels_ = shared.take(k_.packed_size(narrow(), wide()));
    k_.pack_panels(
        {.k = narrow(), .n = wide(), .source = weights_.project, .k_stride = wide(), .n_stride = 1, .panels = panels_});
    const SqueezeExcite squeeze(k_, shape_, weights_, shared.take(SqueezeExcite::size(k_, shape_)));
    float* partial = shared.take(out_tasks_.tasks * narrow() * wide());
    if (shape_.squeezes()) {
      gate_gradient_ = shared.take(shape_.batch() * wide());
      squeezed_gradient_ = shared.take(shape_.batch() * shape_.squeezed_channels);
    }
    parallel_.run(out_tasks_.tasks, [&](Index task, int worker) {
      const ProjectWork work = project_work(worker);
      float* weight_gradient = partial + task * narrow() * wide();
      std::fill_n(weight_gradient, narrow() * wide(), 0.0f);
      each_piece_of(out_tasks_.of(task), group_, [&](Range pictures) {
        if (pictures.size() == 1 && out_pixels_ > tile_rows_)
          large_picture(task, pictures.first, squeeze, work, weight_gradient);
        else
          small_pictures(task, pictures, squeeze, work, weight_gradient);
      });
    });
    norm2_.finish(saved_.depthwise_norm, shape_.out_rows(), gradients_.depthwise_norm_weight,
                  gradients_.depthwise_norm_bias);
    sum_tasks(parallel_, partial, out_tasks_.tasks, narrow() * wide(), gradients_.project);
    if (shape_.squeezes()) {
      float* work = shared.take(shape_.batch() * shape_.squeezed_channels);
      squeeze.weight_gradients(saved_.pooled, saved_.squeezed, gate_gradient_, squeezed_gradient_, gradients_, work);
    }
  }

  // dy3 of some rows, (rows, padded Cout).
  void projected_gradient(Range rows, const ProjectWork& work) const {
    const bool plain = !keep_ && shape_.project_activation == Activation::kIdentity;
    each_kept(rows, work.keep_row, [&](Range part, const float* keep_row) {
      float* out = work.projected + (part.first - rows.first) * padded_narrow();
      if (!plain) {
        ActivationGradient of = output_gradient(part, keep_row);
        of.out = out;
        of.out_row = padded_narrow();
        k_.activation_gradient(of);
      }
      k_.norm_gradient_rows({.rows = part.size(),
                             .channels = narrow(),
                             .gradient = plain ? out_gradient_ + part.first * narrow() : out,
                             .gradient_row = plain ? narrow() : padded_narrow(),
                             .x = saved_.projected + part.first * narrow(),
                             .x_row = narrow(),
                             .a = norm3_.a(),
                             .b = norm3_.b(),
                             .c = norm3_.c(),
                             .mean = saved_.project_norm.mean,
                             .out = out,
                             .out_row = padded_narrow()});
    });
  }

  void activate(Range rows, float* out, float* slope) const {
    k_.normalize_rows({.rows = rows.size(),
                       .channels = wide(),
                       .x = saved_.depthwise + rows.first * wide(),
                       .x_row = wide(),
                       .scale = saved_.depthwise_norm.scale,
                       .offset = saved_.depthwise_norm.offset,
                       .activation = shape_.activation,
                       .out = out,
                       .out_row = padded(),
                       .slope = slope,
                       .slope_row = padded()});
  }

  // gradient (rows, padded Ce) = dy3 W3.
  void back_through_weights(Index rows, const ProjectWork& work) const {
    k_.gemm({.m = rows,
             .n = wide(),
             .k = narrow(),
             .a = work.projected,
             .a_row = padded_narrow(),
             .b = panels_,
             .b_row = k_.panel,
             .b_panel = k_.panel * narrow(),
             .c = work.gradient,
             .c_row = padded()});
  }

  // out (Cout, Ce) += dy3^T activated.
  void weight_product(Index rows, const ProjectWork& work, float* out) const {
    k_.gemm({.m = narrow(),
             .n = wide(),
             .k = rows,
             .a = work.projected,
             .a_row = 1,
             .a_k = padded_narrow(),
             .b = work.activated,
             .b_row = padded(),
             .b_panel = k_.panel,
             .c = out,
             .c_row = wide(),
             .accumulate = true});
  }

  // d2 of some rows of one picture: (gradient * gate + constant) * act'(norm2(y2)).
  void depthwise_output_gradient(Index task, Range rows, const float* gradient, const float* slope,
                                 const float* gate, const float* constant) {
    k_.activation_gradient({.rows = rows.size(),
                            .channels = wide(),
                            .gradient = gradient,
                            .gradient_row = padded(),
                            .x = saved_.depthwise + rows.first * wide(),
                            .x_row = wide(),
                            .gate = gate,
                            .constant = constant,
                            .scale = saved_.depthwise_norm.scale,
                            .offset = saved_.depthwise_norm.offset,
                            .mean = saved_.depthwise_norm.mean,
                            .activation = shape_.activation,
                            .slope = slope,
                            .slope_row = padded(),
                            .out = d2_ + rows.first * wide(),
                            .out_row = wide(),
                            .sum = norm2_.sum(task),
                            .product = norm2_.product(task)});
  }

  // The squeeze's way back for some pictures whose gate gradients are in `work`; leaves what every pixel of a2 gets
  // through the mean in work.constant.
  void squeeze_backward(Range pictures, const SqueezeExcite& squeeze, const ProjectWork& work) {
    const Index narrow_squeeze = shape_.squeezed_channels;
    squeeze.backward(pictures.size(), saved_.squeezed + pictures.first * narrow_squeeze,
                     saved_.gate + pictures.first * wide(), work.gate_gradient,
                     squeezed_gradient_ + pictures.first * narrow_squeeze, work.constant, work.squeeze);
    std::copy_n(work.gate_gradient, pictures.size() * wide(), gate_gradient_ + pictures.first * wide());
    const float share = 1 / static_cast<float>(out_pixels_);
    for (Index i = 0; i < pictures.size() * wide(); ++i) work.constant[i] *= share;
  }

  // All rows of some pictures at once.
  void small_pictures(Index task, Range pictures, const SqueezeExcite& squeeze, const ProjectWork& work,
                      float* weight_gradient) {
    const Range rows{pictures.first * out_pixels_, pictures.last * out_pixels_};
    projected_gradient(rows, work);
    activate(rows, work.activated, work.slope);
    back_through_weights(rows.size(), work);
    if (!shape_.squeezes()) {
      weight_product(rows.size(), work, weight_gradient);
      depthwise_output_gradient(task, rows, work.gradient, work.slope, nullptr, nullptr);
      return;
    }
    std::fill_n(work.gate_gradient, pictures.size() * wide(), 0.0f);
    for (Index n = pictures.first; n < pictures.last; ++n) {
      const Index at = n - pictures.first;
      float* activated = work.activated + at * out_pixels_ * padded();
      k_.dot_rows({.rows = out_pixels_,
                   .channels = wide(),
                   .x = activated,
                   .x_row = padded(),
                   .y = work.gradient + at * out_pixels_ * padded(),
                   .y_row = padded(),
                   .sum = work.gate_gradient + at * wide()});
      k_.combine_rows({.rows = out_pixels_,
                       .channels = wide(),
                       .x = activated,
                       .x_row = padded(),
                       .gate = saved_.gate + n * wide(),
                       .out = activated,
                       .out_row = padded()});
    }
    weight_product(rows.size(), work, weight_gradient);
    squeeze_backward(pictures, squeeze, work);
    for (Index n = pictures.first; n < pictures.last; ++n) {
      const Index at = n - pictures.first;
      depthwise_output_gradient(task, {n * out_pixels_, (n + 1) * out_pixels_},
                                work.gradient + at * out_pixels_ * padded(),
                                work.slope + at * out_pixels_ * padded(), saved_.gate + n * wide(),
                                work.constant + at * wide());
    }
  }

  // One picture of several tiles. With P = dy3^T a2 the gate need not be applied to the map:
  // dW3 = P * gate a column, gate gradient = column sums of W3 * P.
  void large_picture(Index task, Index n, const SqueezeExcite& squeeze, const ProjectWork& work,
                     float* weight_gradient) {
    const Range rows{n * out_pixels_, (n + 1) * out_pixels_};
    if (shape_.squeezes()) {
      std::fill_n(work.product, narrow() * wide(), 0.0f);
      each_piece_of(rows, tile_rows_, [&](Range tile) {
        projected_gradient(tile, work);
        activate(tile, work.activated, nullptr);
        weight_product(tile.size(), work, work.product);
      });
      std::fill_n(work.gate_gradient, wide(), 0.0f);
      k_.dot_rows({.rows = narrow(),
                   .channels = wide(),
                   .x = weights_.project,
                   .x_row = wide(),
                   .y = work.product,
                   .y_row = wide(),
                   .sum = work.gate_gradient});
      k_.combine_rows({.rows = narrow(),
                       .channels = wide(),
                       .x = work.product,
                       .x_row = wide(),
                       .gate = saved_.gate + n * wide(),
                       .y = weight_gradient,
                       .y_row = wide(),
                       .out = weight_gradient,
                       .out_row = wide()});
      squeeze_backward({n, n + 1}, squeeze, work);
    }
    each_piece_of(rows, tile_rows_, [&](Range tile) {
      projected_gradient(tile, work);
      if (!shape_.squeezes()) {
        activate(tile, work.activated, work.slope);
        weight_product(tile.size(), work, weight_gradient);
      }
      back_through_weights(tile.size(), work);
      depthwise_output_gradient(task, tile, work.gradient, shape_.squeezes() ? nullptr : work.slope,
                                shape_.squeezes() ? saved_.gate + n * wide() : nullptr,
                                shape_.squeezes() ? work.constant : nullptr);
    });
  }

  // What one worker's depthwise sweep works in.
  struct DepthwiseWork {
    float *input, *gradient;   // blocked copies
    float *slope, *expanded;   // act' and y1 at the tile's own rows
    float* row;                // one map row of y1
  };

  DepthwiseWork depthwise_work(int worker) const {
    Carver carver(workspace_.of_worker(worker));
    DepthwiseWork w{};
    w.input = carver.take(tiles_.input_size());
    w.gradient = carver.take(tiles_.gradient_size());
    w.slope = carver.take(own_size());
    w.row = carver.take(shape_.depthwise.width * wide());
    if (again()) w.expanded = carver.take(own_size());
    return w;
  }

  void depthwise() {
    Carver shared(workspace_.shared());
    const Index packed_size = tiles_.packed_size(), in_pixels = in_tasks_.rows;
    float* flipped = shared.take(packed_size);
    tiles_.pack_flipped(weights_.depthwise, flipped);
    float* partial = shared.take(in_tasks_.tasks * packed_size);
    const Expansion expansion(k_, shape_, tiles_, x_, weights_.expand, saved_.expanded,
                              shared.take(Expansion::panels_size(k_, shape_, tiles_)));
    if (again()) input_product_ = shared.take(in_tasks_.tasks * shape_.in_channels * wide());
    const bool wants_input = shape_.expands || gradients_.x;
    parallel_.run(in_tasks_.tasks, [&](Index task, int worker) {
      const DepthwiseWork work = depthwise_work(worker);
      float* weight_gradient = partial + task * packed_size;
      std::fill_n(weight_gradient, packed_size, 0.0f);
      if (again()) std::fill_n(input_product(task), shape_.in_channels * wide(), 0.0f);
      const Range pictures = in_tasks_.of(task);
      for (Index n = pictures.first; n < pictures.last; ++n) {
        for (const DepthwiseTile& tile : tiles_.tiles()) {
          const BlockedCopy x = tiles_.fill_input(tile, work.input, input_rows(n, expansion, work));
          const BlockedCopy dy = tiles_.fill_gradient(tile, work.gradient, gradient_rows(n));
          tiles_.weight_gradient(tile, x, dy, weight_gradient);
          if (!wants_input) continue;
          float* d = (shape_.expands ? d1_ : gradients_.x) + n * in_pixels * wide();
          tiles_.input_gradient(tile, dy, flipped, d);
          finish_input_gradient(task, n, tile, work, d);
        }
      }
    });
    for (Index task = 1; task < in_tasks_.tasks; ++task) {
      for (Index i = 0; i < packed_size; ++i) partial[i] += partial[task * packed_size + i];
    }
    tiles_.unpack(partial, gradients_.depthwise);
    if (!shape_.expands) return;
    norm1_.finish(saved_.expand_norm, shape_.in_rows(), gradients_.expand_norm_weight, gradients_.expand_norm_bias);
    if (again()) expand_weight_gradient();
  }

  // a1 of one picture's rows; of the tile's own rows act', and y1 where it is made again, are kept.
  FillRow input_rows(Index n, const Expansion& expansion, const DepthwiseWork& work) const {
    return [this, n, &expansion, &work](Index map_row, const DepthwiseTile& tile, float* out, Index out_block) {
      const Index channels = tile.channels.size(), row_size = shape_.depthwise.width * channels;
      const bool own = map_row >= tile.in_rows.first && map_row < tile.in_rows.last;
      const Index at = (map_row - tile.in_rows.first) * row_size;
      const Expansion::Rows row = expansion.row(n, map_row, tile, own && again() ? work.expanded + at : work.row);
      Normalize of{.rows = shape_.depthwise.width,
                   .channels = channels,
                   .x = row.data,
                   .x_row = row.row,
                   .out = out,
                   .out_block = out_block};
      if (shape_.expands) {
        of.scale = saved_.expand_norm.scale + tile.channels.first;
        of.offset = saved_.expand_norm.offset + tile.channels.first;
        of.activation = shape_.activation;
        of.slope = own ? work.slope + at : nullptr;
        of.slope_row = channels;
      }
      k_.normalize_blocked(of);
    };
  }

  FillRow gradient_rows(Index n) const {
    const DepthwiseShape& shape = shape_.depthwise;
    return [this, &shape, n](Index row, const DepthwiseTile& tile, float* out, Index out_block) {
      const Range channels = tile.channels;
      const Index first = (n * out_pixels_ + row * shape.out_width) * wide() + channels.first;
      k_.norm_gradient_blocked({.rows = shape.out_width,
                                .channels = channels.size(),
                                .gradient = d2_ + first,
                                .gradient_row = wide(),
                                .x = saved_.depthwise + first,
                                .x_row = wide(),
                                .a = norm2_.a() + channels.first,
                                .b = norm2_.b() + channels.first,
                                .c = norm2_.c() + channels.first,
                                .mean = saved_.depthwise_norm.mean + channels.first,
                                .out = out,
                                .out_block = out_block});
    };
  }

  // With expansion d1 = gradient * act'(norm1(y1)); without, the gradient is x's, and the residual's is added.
  void finish_input_gradient(Index task, Index n, const DepthwiseTile& tile, const DepthwiseWork& work, float* d) {
    const DepthwiseShape& shape = shape_.depthwise;
    const Index first = tile.in_rows.first * shape.width * wide() + tile.channels.first;
    const Index rows = tile.in_rows.size() * shape.width;
    const Index picture = n * shape.height * shape.width * wide();
    if (shape_.expands) {
      const Index c = tile.channels.first;
      k_.activation_gradient({.rows = rows,
                              .channels = tile.channels.size(),
                              .gradient = d + first,
                              .gradient_row = wide(),
                              .x = again() ? work.expanded : saved_.expanded + picture + first,
                              .x_row = again() ? tile.channels.size() : wide(),
                              .scale = saved_.expand_norm.scale + c,
                              .offset = saved_.expand_norm.offset + c,
                              .mean = saved_.expand_norm.mean + c,
                              .activation = shape_.activation,
                              .slope = work.slope,
                              .slope_row = tile.channels.size(),
                              .out = d + first,
                              .out_row = wide(),
                              .sum = norm1_.sum(task) + c,
                              .product = norm1_.product(task) + c});
      if (again()) add_input_product(task, n, tile, d + first);
    } else if (shape_.residual) {
      k_.combine_rows({.rows = rows,
                       .channels = tile.channels.size(),
                       .x = d + first,
                       .x_row = wide(),
                       .y = out_gradient_ + picture + first,
                       .y_row = wide(),
                       .out = d + first,
                       .out_row = wide()});
    }
  }

  // P (Cin, Ce) of a task: x^T d1.
  float* input_product(Index task) const { return input_product_ + task * shape_.in_channels * wide(); }

  void add_input_product(Index task, Index n, const DepthwiseTile& tile, const float* d) const {
    const Index in = shape_.in_channels, width = shape_.depthwise.width;
    k_.gemm({.m = in,
             .n = tile.channels.size(),
             .k = tile.in_rows.size() * width,
             .a = x_ + (n * in_tasks_.rows + tile.in_rows.first * width) * in,
             .a_row = 1,
             .a_k = in,
             .b = d,
             .b_row = wide(),
             .b_panel = k_.panel,
             .c = input_product(task) + tile.channels.first,
             .c_row = wide(),
             .accumulate = true});
  }

  // With dy1 = a d + b (y1 - mean) + c and sum of dy1 = 0:  dW1 = a (P - mean of x * sum of d) + b rows Cov(x) W1.
  void expand_weight_gradient() const {
    const Index in = shape_.in_channels;
    const InputMoments moments = InputMoments::in(saved_.input_moments, in);
    sum_tasks(parallel_, input_product_, in_tasks_.tasks, in * wide(), input_product_);
    const auto rows = static_cast<float>(shape_.in_rows());
    each_chunk_of_outputs([&](Range outputs) {
      std::vector<float> spread(static_cast<std::size_t>(in));  // a row of W1 Cov(x)
      for (Index e = outputs.first; e < outputs.last; ++e) {
        std::fill(spread.begin(), spread.end(), 0.0f);
        for (Index j = 0; j < in; ++j) {
          const float w = weights_.expand[e * in + j];
          for (Index i = 0; i < in; ++i) spread[static_cast<std::size_t>(i)] += w * moments.covariance[j * in + i];
        }
        const float sum = gradients_.expand_norm_bias[e];
        for (Index i = 0; i < in; ++i)
          gradients_.expand[e * in + i] = norm1_.a()[e] * (input_product_[i * wide() + e] - moments.mean[i] * sum) +
                                          norm1_.b()[e] * rows * spread[static_cast<std::size_t>(i)];
      }
    });
  }

  // A few expanded channels at a time, for what is worked out channel by channel.
  template <class Work>
  void each_chunk_of_outputs(Work&& work) const {
    constexpr Index kChunk = 16;
    parallel_.run((wide() + kChunk - 1) / kChunk, [&](Index chunk, int) {
      work(Range{chunk * kChunk, std::min((chunk + 1) * kChunk, wide())});
    });
  }

  // dx = d1 (a W1) + x (W1' b W1) + W1' (c - b mean), without y1.
  void expand_again_input_gradient() {
    const Index in = shape_.in_channels;
    Carver shared(workspace_.shared());
    float* of_d = shared.take(k_.packed_size(wide(), in));
    float* of_x = shared.take(k_.packed_size(in, in));
    std::vector<float> scaled(static_cast<std::size_t>(wide() * in)), square(static_cast<std::size_t>(in * in)),
        constant(static_cast<std::size_t>(in));
    for (Index e = 0; e < wide(); ++e) {
      const float* w = weights_.expand + e * in;
      const float rest = norm1_.c()[e] - norm1_.b()[e] * saved_.expand_norm.mean[e];
      for (Index i = 0; i < in; ++i) {
        scaled[static_cast<std::size_t>(e * in + i)] = norm1_.a()[e] * w[i];
        constant[static_cast<std::size_t>(i)] += rest * w[i];
        const float weighted = norm1_.b()[e] * w[i];
        for (Index j = 0; j < in; ++j) square[static_cast<std::size_t>(i * in + j)] += weighted * w[j];
      }
    }
    k_.pack_panels({.k = wide(), .n = in, .source = scaled.data(), .k_stride = in, .n_stride = 1, .panels = of_d});
    k_.pack_panels({.k = in, .n = in, .source = square.data(), .k_stride = in, .n_stride = 1, .panels = of_x});
    parallel_.run(in_tasks_.tasks, [&](Index task, int) {
      const Range pictures = in_tasks_.of(task);
      each_piece_of({pictures.first * in_tasks_.rows, pictures.last * in_tasks_.rows}, tile_rows_, [&](Range rows) {
        float* out = gradients_.x + rows.first * in;
        for (Index row = 0; row < rows.size(); ++row) std::copy_n(constant.data(), in, out + row * in);
        if (shape_.residual)
          k_.combine_rows({.rows = rows.size(),
                           .channels = in,
                           .x = out,
                           .x_row = in,
                           .y = out_gradient_ + rows.first * in,
                           .y_row = in,
                           .out = out,
                           .out_row = in});
        const auto add = [&](const float* a, Index k, const float* panels) {
          k_.gemm({.m = rows.size(),
                   .n = in,
                   .k = k,
                   .a = a + rows.first * k,
                   .a_row = k,
                   .b = panels,
                   .b_row = k_.panel,
                   .b_panel = k_.panel * k,
                   .c = out,
                   .c_row = in,
                   .accumulate = true});
        };
        add(x_, in, of_x);
        add(d1_, wide(), of_d);
      });
    });
  }

  void expand() {
    if (again()) {
      if (gradients_.x) expand_again_input_gradient();
      return;
    }
    const Index in = shape_.in_channels;
    Carver shared(workspace_.shared());
    float* panels = shared.take(k_.packed_size(wide(), in));
    k_.pack_panels({.k = wide(), .n = in, .source = weights_.expand, .k_stride = in, .n_stride = 1, .panels = panels});
    float* partial = shared.take((1 + in_tasks_.tasks) * in * wide());
    parallel_.run(in_tasks_.tasks, [&](Index task, int worker) {
      float* dy = workspace_.of_worker(worker);
      float* weight_gradient = partial + (1 + task) * in * wide();
      std::fill_n(weight_gradient, in * wide(), 0.0f);
      const Range pictures = in_tasks_.of(task);
      each_piece_of({pictures.first * in_tasks_.rows, pictures.last * in_tasks_.rows}, tile_rows_, [&](Range rows) {
        k_.norm_gradient_rows({.rows = rows.size(),
                               .channels = wide(),
                               .gradient = d1_ + rows.first * wide(),
                               .gradient_row = wide(),
                               .x = saved_.expanded + rows.first * wide(),
                               .x_row = wide(),
                               .a = norm1_.a(),
                               .b = norm1_.b(),
                               .c = norm1_.c(),
                               .mean = saved_.expand_norm.mean,
                               .out = dy,
                               .out_row = padded()});
        k_.gemm({.m = in,
                 .n = wide(),
                 .k = rows.size(),
                 .a = x_ + rows.first * in,
                 .a_row = 1,
                 .a_k = in,
                 .b = dy,
                 .b_row = padded(),
                 .b_panel = k_.panel,
                 .c = weight_gradient,
                 .c_row = wide(),
                 .accumulate = true});
        if (gradients_.x) expand_input_gradient(rows, dy, panels);
      });
    });
    sum_tasks(parallel_, partial + in * wide(), in_tasks_.tasks, in * wide(), partial);
    each_chunk_of_outputs([&](Range outputs) {
      for (Index i = 0; i < in; ++i) {
        for (Index e = outputs.first; e < outputs.last; ++e) gradients_.expand[e * in + i] = partial[i * wide() + e];
      }
    });
  }

  void expand_input_gradient(Range rows, const float* dy, const float* panels) const {
    const Index in = shape_.in_channels;
    float* out = gradients_.x + rows.first * in;
    if (shape_.residual) std::copy_n(out_gradient_ + rows.first * in, rows.size() * in, out);
    k_.gemm({.m = rows.size(),
             .n = in,
             .k = wide(),
             .a = dy,
             .a_row = padded(),
             .b = panels,
             .b_row = k_.panel,
             .b_panel = k_.panel * wide(),
             .c = out,
             .c_row = in,
             .accumulate = shape_.residual});
  }

  const KernelTable& k_;
  const ParallelFor& parallel_;
  Workspace& workspace_;
  const MBConvShape& shape_;
  const MBConvWeights& weights_;
  const float *x_, *keep_;
  const MBConvSaved& saved_;
  const float* out_gradient_;
  float *d1_, *d2_;
  const MBConvGradients& gradients_;
  DepthwiseTiles tiles_;
  Index tile_rows_, out_pixels_, group_;
  PictureTasks in_tasks_, out_tasks_;
  BatchNormGradient norm3_, norm2_, norm1_;
  float* panels_ = nullptr;
  float *gate_gradient_ = nullptr, *squeezed_gradient_ = nullptr;  // (N, Ce), (N, Cs)
  float* input_product_ = nullptr;                                 // (tasks, Cin, Ce)
};

}  // namespace

void mbconv_backward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights,
                     const float* x, const float* keep, const MBConvSaved& saved, const float* out_gradient,
                     float* expanded_gradient, float* depthwise_gradient, const MBConvGradients& gradients) {
  Backward(execution, shape, weights, x, keep, saved, out_gradient, expanded_gradient, depthwise_gradient, gradients)
      .run();
}

}  // namespace effnet::cpu
