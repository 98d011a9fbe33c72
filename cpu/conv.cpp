#include "cpu/conv.h"

#include <algorithm>

#include "cpu/patches.h"
#include "cpu/products.h"
#include "cpu/row_tiles.h"
#include "cpu/sum_tasks.h"

namespace effnet::cpu {
namespace {

// Both passes: how the map is cut.
class ConvPass {
 public:
  ConvPass(const Execution& execution, const ConvShape& shape, const float* x)
      : k_(execution.kernels),
        parallel_(execution.parallel),
        workspace_(execution.workspace),
        shape_(shape),
        x_(x),
        tasks_(shape.batch, shape.out_pixels(), shape.patch() * shape.out_channels),
        tile_rows_(rows_a_tile(std::max(shape.patch(), shape.out_channels))) {}

 protected:
  Index patch() const { return shape_.patch(); }
  Index padded_patch() const { return k_.padded(patch()); }
  Index out_channels() const { return shape_.out_channels; }

  // work(rows of the whole batch): tiles of the task, within one picture unless rows are pixels of x themselves.
  template <class Work>
  void each_tile(Index task, Work&& work) const {
    const Range pictures = tasks_.of(task);
    const Index pixels = shape_.out_pixels();
    if (shape_.pointwise())
      return each_piece_of({pictures.first * pixels, pictures.last * pixels}, tile_rows_, work);
    for (Index n = pictures.first; n < pictures.last; ++n)
      each_piece_of({n * pixels, (n + 1) * pixels}, tile_rows_, work);
  }

  // What the outputs `rows` see, (rows, k k Cin).
  ConstRows patches(Range rows, float* memory) const {
    if (shape_.pointwise()) return {x_ + rows.first * shape_.in_channels, shape_.in_channels};
    const Index picture = rows.first / shape_.out_pixels(), first = picture * shape_.out_pixels();
    gather_patches(shape_, x_ + picture * shape_.in_pixels() * shape_.in_channels,
                   {rows.first - first, rows.last - first}, memory, padded_patch());
    return {memory, padded_patch()};
  }

  const KernelTable& k_;
  const ParallelFor& parallel_;
  Workspace& workspace_;
  const ConvShape& shape_;
  const float* x_;
  PictureTasks tasks_;
  Index tile_rows_;
};

class Forward : ConvPass {
 public:
  using ConvPass::ConvPass;

  void run(const ConvWeights& weights, Statistics statistics, const ConvSaved& saved, float* out) {
    workspace_.reserve(parallel_.workers, Carver::size_of(tile_rows_ * padded_patch()),
                       Carver::size_of(k_.packed_size(patch(), out_channels())));
    const PackedMatrix weight(k_, patch(), out_channels(), weights.weight, PackedMatrix::Source::kTransposed,
                              workspace_.shared());
    ChannelMoments moments(out_channels(), tasks_.tasks);
    parallel_.run(tasks_.tasks, [&](Index task, int worker) {
      each_tile(task, [&](Range rows) {
        float* y = saved.y + rows.first * out_channels();
        weight.multiply(rows.size(), patches(rows, workspace_.of_worker(worker)), {y, out_channels()});
        if (statistics == Statistics::kBatch) moments.add(k_, task, y, rows.size());
      });
    });
    finish_statistics(statistics, moments, weights.norm, saved.norm);
    parallel_.run(tasks_.tasks, [&](Index task, int) {
      each_tile(task, [&](Range rows) {
        k_.normalize_rows({.rows = rows.size(),
                           .channels = out_channels(),
                           .x = saved.y + rows.first * out_channels(),
                           .x_row = out_channels(),
                           .scale = saved.norm.scale,
                           .offset = saved.norm.offset,
                           .activation = shape_.activation,
                           .out = out + rows.first * out_channels(),
                           .out_row = out_channels()});
      });
    });
  }
};

class Backward : ConvPass {
 public:
  Backward(const Execution& execution, const ConvShape& shape, const float* x, const ConvSaved& saved,
           const float* out_gradient)
      : ConvPass(execution, shape, x),
        saved_(saved),
        out_gradient_(out_gradient),
        norm_(shape.out_channels, tasks_.tasks) {}

  void run(const ConvWeights& weights, const ConvGradients& gradients) {
    const Index weight_size = out_channels() * patch();
    const auto lay_out_work = [&](Carver& c) {
      return Work{c.take(tile_rows_ * padded_patch()), c.take(tile_rows_ * padded_patch()),
                  c.take(tile_rows_ * k_.padded(out_channels()))};
    };
    const auto lay_out_shared = [&](Carver& c) {
      return Shared{c.take(k_.packed_size(out_channels(), patch())), c.take(tasks_.tasks * weight_size)};
    };
    workspace_.reserve(parallel_.workers, room_of(lay_out_work), room_of(lay_out_shared));
    parallel_.run(tasks_.tasks, [&](Index task, int) {
      each_tile(task, [&](Range rows) {
        ActivationGradient of = activation_gradient(rows);
        of.sum = norm_.sum(task);
        of.product = norm_.product(task);
        k_.activation_gradient(of);
      });
    });
    norm_.finish(saved_.norm, shape_.batch * shape_.out_pixels(), gradients.norm_weight, gradients.norm_bias);

    Carver shared_carver(workspace_.shared());
    const Shared shared = lay_out_shared(shared_carver);
    const PackedMatrix back(k_, out_channels(), patch(), weights.weight, PackedMatrix::Source::kPlain,
                            shared.weights);
    parallel_.run(tasks_.tasks, [&](Index task, int worker) {
      Carver carver(workspace_.of_worker(worker));
      const Work work = lay_out_work(carver);
      float* weight_gradient = shared.partial + task * weight_size;
      std::fill_n(weight_gradient, weight_size, 0.0f);
      if (gradients.x && !shape_.pointwise()) {
        const Range pictures = tasks_.of(task);
        const Index picture = shape_.in_pixels() * shape_.in_channels;
        std::fill_n(gradients.x + pictures.first * picture, pictures.size() * picture, 0.0f);
      }
      each_tile(task, [&](Range rows) {
        raw_gradient(rows, work.dy);
        add_weight_gradient(rows, work.dy, work.patches, weight_gradient);
        if (gradients.x) input_gradient(rows, work.dy, back, work.patch_gradient, gradients.x);
      });
    });
    sum_tasks(parallel_, shared.partial, tasks_.tasks, weight_size, gradients.weight);
  }

 private:
  struct Work {
    float *patches, *patch_gradient, *dy;  // (tile rows, padded k k Cin) twice, (tile rows, padded Cout)
  };
  struct Shared {
    float *weights, *partial;  // packed; (tasks, Cout, k k Cin)
  };

  ActivationGradient activation_gradient(Range rows) const {
    return {.rows = rows.size(),
            .channels = out_channels(),
            .gradient = out_gradient_ + rows.first * out_channels(),
            .gradient_row = out_channels(),
            .x = saved_.y + rows.first * out_channels(),
            .x_row = out_channels(),
            .scale = saved_.norm.scale,
            .offset = saved_.norm.offset,
            .mean = saved_.norm.mean,
            .activation = shape_.activation};
  }

  void raw_gradient(Range rows, float* dy) const {
    const Index row = k_.padded(out_channels());
    ActivationGradient of = activation_gradient(rows);
    of.out = dy;
    of.out_row = row;
    k_.activation_gradient(of);
    k_.norm_gradient_rows({.rows = rows.size(),
                           .channels = out_channels(),
                           .gradient = dy,
                           .gradient_row = row,
                           .x = of.x,
                           .x_row = out_channels(),
                           .a = norm_.a(),
                           .b = norm_.b(),
                           .c = norm_.c(),
                           .mean = saved_.norm.mean,
                           .out = dy,
                           .out_row = row});
  }

  // (Cout, k k Cin) += dy^T patches. The product reads rows of b to the end of their last vector, so x itself is only
  // taken where its rows end there.
  void add_weight_gradient(Range rows, const float* dy, float* memory, float* weight_gradient) const {
    ConstRows b = patches(rows, memory);
    if (shape_.pointwise() && patch() % k_.lanes != 0) {
      k_.combine_rows({.rows = rows.size(),
                       .channels = patch(),
                       .x = b.data,
                       .x_row = patch(),
                       .out = memory,
                       .out_row = padded_patch()});
      b = {memory, padded_patch()};
    }
    multiply_transposed(k_, rows.size(), {dy, k_.padded(out_channels())}, out_channels(), b, patch(),
                        {weight_gradient, patch()}, Sum::kContinue);
  }

  void input_gradient(Range rows, const float* dy, const PackedMatrix& back, float* memory,
                      float* x_gradient) const {
    const bool direct = shape_.pointwise();
    float* out = direct ? x_gradient + rows.first * patch() : memory;
    back.multiply(rows.size(), {dy, k_.padded(out_channels())}, {out, direct ? patch() : padded_patch()});
    if (direct) return;
    const Index picture = rows.first / shape_.out_pixels(), first = picture * shape_.out_pixels();
    scatter_patches(shape_, out, padded_patch(), {rows.first - first, rows.last - first},
                    x_gradient + picture * shape_.in_pixels() * shape_.in_channels);
  }

  const ConvSaved& saved_;
  const float* out_gradient_;
  BatchNormGradient norm_;
};

}  // namespace

void conv_norm_act_forward(const Execution& execution, const ConvShape& shape, const ConvWeights& weights,
                           const float* x, Statistics statistics, const ConvSaved& saved, float* out) {
  Forward(execution, shape, x).run(weights, statistics, saved, out);
}

void conv_norm_act_backward(const Execution& execution, const ConvShape& shape, const ConvWeights& weights,
                            const float* x, const ConvSaved& saved, const float* out_gradient,
                            const ConvGradients& gradients) {
  Backward(execution, shape, x, saved, out_gradient).run(weights, gradients);
}

}  // namespace effnet::cpu
