// The backward pass of the inverted bottleneck as a class of four sweeps, each ended by the sums that batch norm's gradient
// needs (d is the gradient of what a batch norm puts out, dy of what it takes in: dy = a d + b (y - mean) + c a channel):
//   output     sums of d3 = d out * keep * project_act'                (mbconv_backward.cpp)
//   project    dy3 -> dW3, the squeeze's gradients, d2;  sums of d2    (mbconv_backward_project.cpp)
//   depthwise  dy2 -> weight gradient, d1;               sums of d1    (mbconv_backward_depthwise.cpp)
//   expand     dy1 -> dW1, dx                                          (mbconv_backward_expand.cpp)
// Weight gradients are summed a task and then over the tasks in their order. Internal to cpu/.
#pragma once

#include <algorithm>

#include "cpu/depthwise_tiles.h"
#include "cpu/expansion.h"
#include "cpu/mbconv.h"
#include "cpu/products.h"
#include "cpu/row_tiles.h"
#include "cpu/squeeze_excite.h"

namespace effnet::cpu {

class MBConvBackward {
 public:
  MBConvBackward(const Execution& execution, const MBConvShape& shape, const MBConvWeights& weights,
                 const float* x, const float* keep, const MBConvSaved& saved, const float* out_gradient,
                 float* expanded_gradient, float* depthwise_gradient, const MBConvGradients& gradients)
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
        at_once_(tiles_.pictures_at_once(kTileBudget)),
        in_tasks_(shape.batch(), shape.depthwise.height * shape.depthwise.width,
                  shape.expanded() * shape.in_channels),
        out_tasks_(shape.batch(), out_pixels_, shape.expanded() * shape.out_channels),
        norm3_(shape.out_channels, out_tasks_.tasks),
        norm2_(shape.expanded(), out_tasks_.tasks),
        norm1_(shape.expanded(), in_tasks_.tasks) {}

  void run();

 private:
  static constexpr Index kTileBudget =
      16 * 1024;  // floats of a blocked copy; four maps of a tile are at work

  Index wide() const { return shape_.expanded(); }
  Index narrow() const { return shape_.out_channels; }
  Index padded() const { return k_.padded(wide()); }
  Index padded_narrow() const { return k_.padded(narrow()); }

  void reserve();

  bool again() const { return expands_again(shape_); }

  // The rows of x whose gradient a tile writes in some pictures: one range, because a tile that is a part of a map is
  // at work in one picture alone.
  Range own_rows(Range pictures, const DepthwiseTile& tile) const {
    const Index width = shape_.depthwise.width, rows = in_tasks_.rows;
    return {pictures.first * rows + tile.in_rows.first * width,
            (pictures.last - 1) * rows + tile.in_rows.last * width};
  }
  Index own_size() const;   // floats of them, of the tile's channels
  Index halo_size() const;  // floats of the rows above or below that the tile's outputs see

  // The gradient of what norm3 puts out, for rows of one picture (or of any, without drop-path).
  ActivationGradient output_gradient(Range rows, const float* keep_row) const;

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

  void output();

  // What one worker's project sweep works in.
  struct ProjectWork {
    float *activated, *slope;  // (tile rows, padded Ce): a2 and act' there
    float* gradient;           // (tile rows, padded Ce): of a2
    float* projected;          // (tile rows, padded Cout): dy3
    float* keep_row;           // (Cout)
    float* product;            // (Cout, Ce): dy3^T a2 of one large picture
    float* squeeze;
    float *gate_gradient, *constant;  // (group, Ce)
  };

  ProjectWork project_work(Carver& carver) const;

  // And what all of them share.
  struct ProjectShared {
    float *weights, *squeeze;                  // packed
    float* partial;                            // (tasks, Cout, Ce): dW3 of each task
    float *gate_gradient, *squeezed_gradient;  // (N, Ce), (N, Cs)
    float* squeezed;                           // (N, Cs): activated
  };
  ProjectShared project_shared(Carver& carver) const;

  void project();

  // dy3 of some rows, (rows, padded Cout).
  void projected_gradient(Range rows, const ProjectWork& work) const;

  void activate(Range rows, float* out, float* slope) const;

  // gradient (rows, padded Ce) = dy3 W3.
  void back_through_weights(Index rows, const ProjectWork& work) const;

  // out (Cout, Ce): dy3^T activated.
  void weight_product(Index rows, const ProjectWork& work, Sum sum, float* out) const;

  // d2 of some rows of one picture: (gradient * gate + constant) * act'(norm2(y2)).
  void depthwise_output_gradient(Index task, Range rows, const float* gradient, const float* slope,
                                 const float* gate, const float* constant);

  // The squeeze's way back for some pictures whose gate gradients are in `work`; leaves what every pixel of a2 gets
  // through the mean in work.constant.
  void squeeze_backward(Range pictures, const SqueezeExcite& squeeze, const ProjectWork& work);

  // All rows of some pictures at once.
  void small_pictures(Index task, Range pictures, const SqueezeExcite& squeeze, const ProjectWork& work,
                      float* weight_gradient);

  // One picture of several tiles. With P = dy3^T a2 the gate need not be applied to the map:
  // dW3 = P * gate a column, gate gradient = column sums of W3 * P.
  void large_picture(Index task, Index n, const SqueezeExcite& squeeze, const ProjectWork& work,
                     float* weight_gradient);

  // What one worker's depthwise sweep works in.
  struct DepthwiseWork {
    float *input, *gradient;  // blocked copies
    float *slope, *expanded;  // act' and y1 at the tile's own rows
    float* halo;              // y1 at others, where it is made again
    float* d;                 // and d1, which is then no map in memory
  };

  DepthwiseWork depthwise_work(Carver& carver) const;

  struct DepthwiseShared {
    float* flipped;    // packed weights of the input gradient
    float* partial;    // (tasks, packed weights): the weight gradient of each task
    float* expansion;  // Expansion's panels
    float *input_product, *scaled_expansion;
  };
  DepthwiseShared depthwise_shared(Carver& carver) const;

  void depthwise();

  // a1 of one picture's rows; of the tile's own rows act', and y1 where it is made again, are kept.
  FillRows input_rows(Index n, const Expansion& expansion, const DepthwiseWork& work) const;

  FillRows gradient_rows(Index n) const;

  // Where the depthwise input gradient of a tile goes.
  Rows input_gradient_of(const DepthwiseTile& tile, Range pictures, const DepthwiseWork& work) const;

  // With expansion d1 = gradient * act'(norm1(y1)); without, the gradient is x's, and the residual's is added.
  void finish_input_gradient(Index task, Range pictures, const DepthwiseTile& tile, const DepthwiseWork& work,
                             Rows d);

  // P (Cin, Ce) of a task: x^T d1.
  float* input_product(Index task) const { return input_product_ + task * shape_.in_channels * wide(); }

  // a W1.
  void pack_scaled_expansion(float* memory);

  // A tile's d1 on: P += x^T d1, which a task's first piece writes, and dx = d1 (a W1).
  void expand_tile_back(Index task, Range rows, const DepthwiseTile& tile, Rows d) const;

  // With dy1 = a d + b (y1 - mean) + c and sum of dy1 = 0:  dW1 = a (P - mean of x * sum of d) + b rows Cov(x) W1.
  void expand_weight_gradient() const;

  // A few expanded channels at a time, for what is worked out channel by channel.
  template <class Work>
  void each_chunk_of_outputs(Work&& work) const {
    constexpr Index kChunk = 16;
    parallel_.run((wide() + kChunk - 1) / kChunk, [&](Index chunk, int) {
      work(Range{chunk * kChunk, std::min((chunk + 1) * kChunk, wide())});
    });
  }

  // dx += x (W1' b W1) + W1' (c - b mean), which makes d1 (a W1) whole without y1.
  void finish_expand_again();

  struct ExpandShared {
    float* weights;  // packed; where y1 is made again, W1' b W1
    float* partial;  // (1 + tasks, Cin, Ce): dW1^T, their sum and of each task
  };
  ExpandShared expand_shared(Carver& carver) const;

  void expand();

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
  Index tile_rows_, out_pixels_, group_, at_once_;
  PictureTasks in_tasks_, out_tasks_;
  BatchNormGradient norm3_, norm2_, norm1_;
  PackedMatrix project_, scaled_expansion_;  // W3 and a W1, to be multiplied by gradients
  float *gate_gradient_ = nullptr, *squeezed_gradient_ = nullptr;  // (N, Ce), (N, Cs)
  float* input_product_ = nullptr;                                 // (tasks, Cin, Ce)
};

}  // namespace effnet::cpu
