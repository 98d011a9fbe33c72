// The training forward pass in four sweeps over the map, each ended by the statistics that the next one needs:
//   expand     y1 = x W1;                      sums of y1
//   depthwise  y2 = depthwise(act(norm1(y1))); sums of y2
//   project    y3 = (a2 * gate) W3;            sums of y3        with the squeeze's mean of a2 picture by picture
//   finish     out = act(norm3(y3)) * keep + x
#include <algorithm>

#include "cpu/depthwise_tiles.h"
#include "cpu/expansion.h"
#include "cpu/input_moments.h"
#include "cpu/mbconv.h"
#include "cpu/products.h"
#include "cpu/row_tiles.h"
#include "cpu/squeeze_excite.h"

namespace effnet::cpu {
namespace {

constexpr Index kTileBudget = 40 * 1024;  // floats of a blocked copy: a sixth of a second level cache of 1 MB

class Forward {
 public:
  Forward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights, const float* x,
          const float* keep, Statistics statistics, const MBConvSaved& saved, float* out)
      : k_(execution.kernels),
        parallel_(execution.parallel),
        workspace_(execution.workspace),
        shape_(shape),
        weights_(weights),
        x_(x),
        keep_(keep),
        statistics_(statistics),
        saved_(saved),
        out_(out),
        tiles_(k_, shape.depthwise, kTileBudget),
        tile_rows_(rows_a_tile(shape.expanded())),
        out_pixels_(shape.depthwise.out_height * shape.depthwise.out_width),
        group_(std::max<Index>(1, tile_rows_ / out_pixels_)) {}

  void run() {
    reserve();
    if (shape_.expands) expand();
    depthwise();
    project();
    finish();
  }

 private:
  Index wide() const { return shape_.expanded(); }
  Index padded() const { return k_.padded(shape_.expanded()); }

  void reserve() {
    const Index of_worker = std::max(room_of([&](Carver& c) { depthwise_work(c); }),
                                     room_of([&](Carver& c) { project_work(c); }));
    const Index shared = std::max({room_of([&](Carver& c) { expand_shared(c); }),
                                   room_of([&](Carver& c) { depthwise_shared(c); }),
                                   room_of([&](Carver& c) { project_shared(c); })});
    workspace_.reserve(parallel_.workers, of_worker, shared);
  }

  float* expand_shared(Carver& c) const { return c.take(k_.packed_size(shape_.in_channels, wide())); }

  struct DepthwiseShared {
    float *weights, *expansion;
  };
  DepthwiseShared depthwise_shared(Carver& c) const {
    return {c.take(tiles_.packed_size()), c.take(Expansion::panels_size(k_, shape_, tiles_))};
  }

  struct DepthwiseWork {
    float *input, *expanded;  // a tile's blocked copy, one map row of y1
  };
  DepthwiseWork depthwise_work(Carver& c) const {
    return {c.take(tiles_.input_size()), c.take(shape_.depthwise.width * wide())};
  }

  struct ProjectShared {
    float *weights, *squeeze;
  };
  ProjectShared project_shared(Carver& c) const {
    return {c.take(k_.packed_size(wide(), shape_.out_channels)), c.take(SqueezeExcite::size(k_, shape_))};
  }

  struct ProjectWork {
    float *activated, *squeeze;  // a2 of a tile
  };
  ProjectWork project_work(Carver& c) const {
    return {c.take(tile_rows_ * padded()), c.take(SqueezeExcite::work_size(shape_, group_))};
  }

  void expand() {
    if (expands_again(shape_)) return measure_expansion();
    Carver shared(workspace_.shared());
    const Index in = shape_.in_channels;
    const PackedMatrix expand(k_, in, wide(), weights_.expand, PackedMatrix::Source::kTransposed,
                              expand_shared(shared));
    const PictureTasks tasks(shape_.batch(), shape_.depthwise.height * shape_.depthwise.width);
    ChannelMoments moments(wide(), tasks.tasks);
    parallel_.run(tasks.tasks, [&](Index task, int) {
      const Range pictures = tasks.of(task);
      each_piece_of({pictures.first * tasks.rows, pictures.last * tasks.rows}, tile_rows_, [&](Range rows) {
        float* y = saved_.expanded + rows.first * wide();
        expand.multiply(rows.size(), {x_ + rows.first * in, in}, {y, wide()});
        if (statistics_ == Statistics::kBatch) moments.add(k_, task, y, rows.size());
      });
    });
    finish_statistics(statistics_, moments, weights_.expand_norm, saved_.expand_norm);
  }

  // y1 is made again when it is needed; only its statistics are wanted now.
  void measure_expansion() {
    const Index rows = shape_.in_rows(), in = shape_.in_channels;
    if (statistics_ == Statistics::kRunning)
      return finish_statistics(statistics_, ChannelMoments(wide(), 1), weights_.expand_norm,
                               saved_.expand_norm);
    const Execution execution{k_, parallel_, workspace_};
    const InputMoments moments = InputMoments::in(saved_.input_moments, in);
    measure_input(execution, x_, rows, in, shape_.batch(), moments);
    statistics_of_product(execution, moments, rows, in, weights_.expand, wide(), weights_.expand_norm,
                          saved_.expand_norm);
  }

  void depthwise() {
    const DepthwiseShape& shape = shape_.depthwise;
    Carver carver(workspace_.shared());
    const DepthwiseShared shared = depthwise_shared(carver);
    tiles_.pack(weights_.depthwise, shared.weights);
    const Expansion expansion(k_, shape_, tiles_, x_, weights_.expand, saved_.expanded, shared.expansion);
    const PictureTasks tasks(shape.batch, shape.height * shape.width);
    ChannelMoments moments(wide(), tasks.tasks);
    const Index at_once = tiles_.pictures_at_once(kTileBudget);
    parallel_.run(tasks.tasks, [&](Index task, int worker) {
      Carver of_worker(workspace_.of_worker(worker));
      const DepthwiseWork work = depthwise_work(of_worker);
      const Range pictures = tasks.of(task);
      tiles_.each_piece(pictures, at_once, [&](const DepthwiseTile& tile, Range piece) {
        for (Index n = piece.first; n < piece.last; ++n) {
          const auto fill = [&](Range rows, const DepthwiseTile& of, float* out, const BlockedCopy& copy) {
            each_piece_of(rows, expands_again(shape_) ? 1 : rows.size(), [&](Range part) {
              normalize_expanded(of, part.size(), expansion.rows(n, part, of, work.expanded),
                                 out + (part.first - rows.first) * copy.row_size, copy);
            });
          };
          tiles_.forward(tile, tiles_.fill_input(tile, work.input, fill), shared.weights,
                         saved_.depthwise + n * out_pixels_ * wide());
        }
        const Range rows{piece.first * out_pixels_ + tile.out_rows.first * shape.out_width,
                         (piece.last - 1) * out_pixels_ + tile.out_rows.last * shape.out_width};
        if (statistics_ == Statistics::kBatch)
          moments.add(k_, task, saved_.depthwise + rows.first * wide(), rows.size(), tile.channels);
      });
    });
    finish_statistics(statistics_, moments, weights_.depthwise_norm, saved_.depthwise_norm);
  }

  void normalize_expanded(const DepthwiseTile& tile, Index lines, ConstRows y1, float* out,
                          const BlockedCopy& copy) const {
    Normalize of{.rows = shape_.depthwise.width,
                 .channels = tile.channels.size(),
                 .x = y1.data,
                 .x_row = y1.row,
                 .out = out,
                 .lines = lines,
                 .out_line = copy.row_size,
                 .out_block = copy.block_size};
    if (shape_.expands) {
      of.scale = saved_.expand_norm.scale + tile.channels.first;
      of.offset = saved_.expand_norm.offset + tile.channels.first;
      of.activation = shape_.activation;
    }
    k_.normalize_blocked(of);
  }

  void activate(Range rows, const float* gate, float* out) const {
    k_.normalize_rows({.rows = rows.size(),
                       .channels = wide(),
                       .x = saved_.depthwise + rows.first * wide(),
                       .x_row = wide(),
                       .scale = saved_.depthwise_norm.scale,
                       .offset = saved_.depthwise_norm.offset,
                       .gate = gate,
                       .activation = shape_.activation,
                       .out = out,
                       .out_row = padded()});
  }

  void project() {
    const Index narrow = shape_.out_channels;
    Carver carver(workspace_.shared());
    const ProjectShared shared = project_shared(carver);
    const PackedMatrix project(k_, wide(), narrow, weights_.project, PackedMatrix::Source::kTransposed,
                               shared.weights);
    const SqueezeExcite squeeze(k_, shape_, weights_, SqueezeExcite::Pass::kForward, shared.squeeze);
    const PictureTasks tasks(shape_.batch(), out_pixels_);
    ChannelMoments moments(narrow, tasks.tasks);
    parallel_.run(tasks.tasks, [&](Index task, int worker) {
      Carver of_worker(workspace_.of_worker(worker));
      const ProjectWork work = project_work(of_worker);
      each_piece_of(tasks.of(task), group_, [&](Range pictures) {
        const Range rows{pictures.first * out_pixels_, pictures.last * out_pixels_};
        if (shape_.squeezes()) {
          pool(pictures, work.activated);
          squeeze.forward(pictures.size(), saved_.pooled + pictures.first * wide(),
                          saved_.squeezed + pictures.first * shape_.squeezed_channels,
                          saved_.gate + pictures.first * wide(), work.squeeze);
        }
        each_piece_of(rows, tile_rows_of(pictures), [&](Range tile) {
          const bool kept = shape_.squeezes() && tile.size() == rows.size();
          if (!kept)
            activate(tile, shape_.squeezes() ? saved_.gate + pictures.first * wide() : nullptr,
                     work.activated);
          if (kept) apply_gate(pictures, work.activated);
          float* y = saved_.projected + tile.first * narrow;
          project.multiply(tile.size(), {work.activated, padded()}, {y, narrow});
          if (statistics_ == Statistics::kBatch) moments.add(k_, task, y, tile.size());
        });
      });
    });
    finish_statistics(statistics_, moments, weights_.project_norm, saved_.project_norm);
  }

  // A group of pictures is one tile; a large picture several.
  Index tile_rows_of(Range pictures) const {
    return pictures.size() == 1 && out_pixels_ > tile_rows_ ? tile_rows_ : pictures.size() * out_pixels_;
  }

  // The mean of a2 over every picture; where the pictures are one tile, their a2 stays in `activated`.
  void pool(Range pictures, float* activated) const {
    for (Index n = pictures.first; n < pictures.last; ++n) {
      float* pooled = saved_.pooled + n * wide();
      std::fill_n(pooled, wide(), 0.0f);
      const Range picture{n * out_pixels_, (n + 1) * out_pixels_};
      each_piece_of(picture, std::min(out_pixels_, tile_rows_), [&](Range rows) {
        float* out =
            activated + (out_pixels_ > tile_rows_ ? 0 : (n - pictures.first) * out_pixels_ * padded());
        activate(rows, nullptr, out);
        k_.dot_rows({.rows = rows.size(), .channels = wide(), .x = out, .x_row = padded(), .sum = pooled});
      });
      const float share = 1 / static_cast<float>(out_pixels_);
      for (Index c = 0; c < wide(); ++c) pooled[c] *= share;
    }
  }

  void apply_gate(Range pictures, float* activated) const {
    for (Index n = pictures.first; n < pictures.last; ++n) {
      float* map = activated + (n - pictures.first) * out_pixels_ * padded();
      k_.combine_rows({.rows = out_pixels_,
                       .channels = wide(),
                       .x = map,
                       .x_row = padded(),
                       .gate = saved_.gate + n * wide(),
                       .out = map,
                       .out_row = padded()});
    }
  }

  void finish() {
    const Index narrow = shape_.out_channels;
    const PictureTasks tasks(shape_.batch(), out_pixels_);
    parallel_.run(tasks.tasks, [&](Index task, int) {
      const Range pictures = tasks.of(task);
      std::vector<float> gate(static_cast<std::size_t>(keep_ ? narrow : 0));
      each_piece_of(pictures, keep_ ? 1 : pictures.size(), [&](Range part) {
        if (keep_) std::fill(gate.begin(), gate.end(), keep_[part.first]);
        const Index first = part.first * out_pixels_ * narrow, rows = part.size() * out_pixels_;
        k_.normalize_rows({.rows = rows,
                           .channels = narrow,
                           .x = saved_.projected + first,
                           .x_row = narrow,
                           .scale = saved_.project_norm.scale,
                           .offset = saved_.project_norm.offset,
                           .gate = keep_ ? gate.data() : nullptr,
                           .addend = shape_.residual ? x_ + first : nullptr,
                           .addend_row = narrow,
                           .activation = shape_.project_activation,
                           .out = out_ + first,
                           .out_row = narrow});
      });
    });
  }

  const KernelTable& k_;
  const ParallelFor& parallel_;
  Workspace& workspace_;
  const MBConvShape& shape_;
  const MBConvWeights& weights_;
  const float *x_, *keep_;
  Statistics statistics_;
  const MBConvSaved& saved_;
  float* out_;
  DepthwiseTiles tiles_;
  Index tile_rows_, out_pixels_, group_;
};

}  // namespace

void mbconv_forward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights,
                    const float* x, const float* keep, Statistics statistics, const MBConvSaved& saved,
                    float* out) {
  Forward(execution, shape, weights, x, keep, statistics, saved, out).run();
}

}  // namespace effnet::cpu
