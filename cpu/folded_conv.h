// A dense convolution of inference: batch norm folded into weights and offset, weights packed once. It reads one
// picture's map through the kernels of cpu/finished_rows.h: what an output sees are segments of the map itself, or, where
// there are zeros around the map, of a padded copy; patches are never gathered.
//
// Maps between layers are blocked, (ceil(C / lanes), pixels, lanes) with zeros in the lanes beyond C; the picture is one
// block of all its channels, (pixels, C).
#pragma once

#include <memory>
#include <vector>

#include "cpu/batch_norm.h"
#include "kernels/padding.h"

namespace effnet::cpu {

using kernels::Padding;

struct MapSize {
  Index height = 0, width = 0;
  Index pixels() const { return height * width; }
  bool operator==(const MapSize&) const = default;
};

// What a convolution is, whatever the size of the map.
struct ConvTerms {
  Index in_channels = 0, out_channels = 0;
  int kernel = 1, stride = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kIdentity;
};

// scale * y + offset, a channel.
struct ChannelAffine {
  std::vector<float> scale, offset;

  static ChannelAffine of(const BatchNormWeights& norm, Index channels);  // by the running statistics
  static ChannelAffine of_bias(const float* bias, Index channels);
};

// Memory of 64-byte lines for weights.
struct LineDelete {
  void operator()(float* p) const;
};
using Lines = std::unique_ptr<float[], LineDelete>;
Lines zero_lines(Index count);

class FoldedConv {
 public:
  // weight (Cout, k, k, Cin). `block`: channels of a block of its input.
  FoldedConv(const KernelTable& kernels, const ConvTerms& terms, const float* weight,
             const ChannelAffine& after, Index block);

  const ConvTerms& terms() const { return terms_; }
  Index vectors() const { return kernels_.blocks(terms_.out_channels); }
  Index panels() const { return (vectors() * kernels_.lanes + kernels_.panel - 1) / kernels_.panel; }
  Index first_vector(Index panel) const { return vectors() * panel / panels(); }
  Index depth() const { return depth_; }  // products a sum has
  bool pointwise() const { return terms_.kernel == 1 && terms_.stride == 1; }

  // From now on for maps of this size.
  void bind(MapSize in);
  MapSize out_size() const { return out_; }
  Index out_size_in_floats() const { return out_.pixels() * vectors() * kernels_.lanes; }

  // The map with the zeros around it: in memory of padded_size() floats, or the map itself where there are none.
  Index padded_size() const { return padded_ ? row_size_ * read_.height * blocks_ : 0; }
  const float* padded(const float* map, float* memory) const;

  // One row of outputs, or, of a pointwise convolution, any pixels. `in` is padded(). out, addend, sum are the caller's.
  FinishedConvRow row(const float* in, Index y, Range panels) const;
  FinishedConvRow pixels(const float* in, Range pixels, Range panels) const;

  // The whole map: `in` is padded(); `weights` in place of its own, where given; addend and out are blocked maps of the
  // output, sum (vectors, lanes) is over the map. Null: without.
  struct Operands {
    const float *in = nullptr, *weights = nullptr, *addend = nullptr;
    float *out = nullptr, *sum = nullptr;
  };
  void run(const ParallelFor& parallel, const Operands& operands) const;

  // scale_panels of the weights: `gate` (Cin), pointwise only; `out` packed_size() floats.
  void scale(const float* gate, float* out) const;
  Index packed_size() const { return vectors() * kernels_.lanes * depth_; }

 private:
  void pack(const float* weight, const ChannelAffine& after);
  FinishedConvRow call(const float* in, Index pixels, Range panels) const;
  void run_piece(const Operands& operands, FinishedConvRow call, Index first_pixel) const;
  void run_panel(const Operands& operands, Index panel) const;

  const KernelTable& kernels_;
  ConvTerms terms_;
  Index block_, blocks_, depth_ = 0;
  Lines weights_, offset_;
  MapSize in_, out_, read_;  // read_: of what it reads, with the zeros
  kernels::SidePadding rows_, columns_;
  bool padded_ = false;
  Index row_size_ = 0;
  std::vector<Index> segments_;
};

}  // namespace effnet::cpu
