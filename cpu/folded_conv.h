// A dense convolution of inference: batch norm folded into weights and offset, weights packed once. It reads one
// picture's map through the kernels of cpu/finished_rows.h: what an output sees are segments of the map itself, or, where
// there are zeros around the map, of a padded copy; patches are never gathered.
//
// Maps between layers are blocked, (ceil(C / lanes), pixels, lanes) with zeros in the lanes beyond C; the picture is one
// block of all its channels, (pixels, C). What it reads, and its weights, are of one element, float or BFloat16; what it
// writes is of the same or float.
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
  void operator()(void* p) const;
};
template <class Element>
using Lines = std::unique_ptr<Element[], LineDelete>;
template <class Element>
Lines<Element> zero_lines(Index count);

template <class In>
class FoldedConv {
 public:
  // weight (Cout, k, k, Cin). `block`: channels of a block of its input, whole slots (cpu/finished_rows.h).
  FoldedConv(const KernelTable& kernels, const ConvTerms& terms, const float* weight,
             const ChannelAffine& after, Index block);

  const ConvTerms& terms() const { return terms_; }
  Index vectors() const { return kernels_.blocks(terms_.out_channels); }
  Index panels() const { return (vectors() * kernels_.lanes + kernels_.panel - 1) / kernels_.panel; }
  Index first_vector(Index panel) const { return vectors() * panel / panels(); }
  Index depth() const { return depth_; }  // products a sum has, in whole slots
  bool pointwise() const { return terms_.kernel == 1 && terms_.stride == 1; }

  // From now on for maps of this size.
  void bind(MapSize in);
  MapSize out_size() const { return out_; }
  Index out_elements() const { return out_.pixels() * vectors() * kernels_.lanes; }

  // The map with the zeros around it: in memory of padded_size() elements, or the map itself where there are none.
  Index padded_size() const { return padded_ ? row_size_ * read_.height * blocks_ : 0; }
  const In* padded(const In* map, In* memory) const;

  // One row of outputs, or, of a pointwise convolution, any pixels. `in` is padded(). out, addend, sum are the caller's.
  template <class Out>
  FinishedConvRow<In, Out> row(const In* in, Index y, Range panels) const;
  template <class Out>
  FinishedConvRow<In, Out> pixels(const In* in, Range pixels, Range panels) const;

  // The whole map: `in` is padded(); `weights` in place of its own, where given; addend and out are blocked maps of the
  // output, sum (vectors, lanes) is over the map. Null: without.
  template <class Out>
  struct Operands {
    const In *in = nullptr, *weights = nullptr;
    const Out* addend = nullptr;
    Out* out = nullptr;
    float* sum = nullptr;
  };
  template <class Out>
  void run(const ParallelFor& parallel, const Operands<Out>& operands) const;

  // scale_panels of the weights: `gate` (Cin, whole slots), pointwise only; `out` packed_size() elements.
  void scale(const float* gate, In* out) const;
  Index packed_size() const { return vectors() * kernels_.lanes * depth_; }

 private:
  void pack(const float* weight, const ChannelAffine& after);
  template <class Out>
  FinishedConvRow<In, Out> call(const In* in, Index pixels, Range panels) const;
  template <class Out>
  void run_piece(const Operands<Out>& operands, FinishedConvRow<In, Out> call, Index first_pixel) const;
  template <class Out>
  void run_panel(const Operands<Out>& operands, Index panel) const;

  const KernelTable& kernels_;
  ConvTerms terms_;
  Index block_, blocks_, depth_ = 0;
  Lines<In> weights_;
  Lines<float> offset_;
  MapSize in_, out_, read_;  // read_: of what it reads, with the zeros
  kernels::SidePadding rows_, columns_;
  bool padded_ = false;
  Index row_size_ = 0;
  std::vector<Index> segments_;
};

}  // namespace effnet::cpu
