#include "cpu/folded_mbconv.h"

#include <algorithm>
#include <array>
#include <functional>

namespace effnet::cpu {
namespace {

constexpr Index kMostTaps = 7;
constexpr Index kGroupWeights = 32 * 1024;  // bytes: a first level cache
constexpr Index kGroupRing = 48 * 1024;     // floats: a fifth of a second level cache of 1 MB

template <class Element>
FoldedConv<Element> pointwise(const KernelTable& kernels, Index in, Index out, Activation activation,
                              const float* weight, const ChannelAffine& after, Index block) {
  return {kernels, {.in_channels = in, .out_channels = out, .activation = activation}, weight, after, block};
}

}  // namespace

template <class Element>
FoldedMBConv<Element>::FoldedMBConv(const KernelTable& kernels, const MBConvShape& shape, Padding padding,
                                    const MBConvWeights& weights)
    : kernels_(kernels),
      shape_(shape),
      padding_(padding),
      project_(pointwise<Element>(
          kernels, shape.expanded(), shape.out_channels, shape.project_activation, weights.project,
          ChannelAffine::of(weights.project_norm, shape.out_channels), kernels.lanes)) {
  const Index wide = shape.expanded(), narrow = shape.squeezed_channels;
  if (shape.expands)
    source_.emplace(pointwise<Element>(kernels, shape.in_channels, wide, shape.activation, weights.expand,
                                       ChannelAffine::of(weights.expand_norm, wide), kernels.lanes));
  if (shape.squeezes()) {
    reduce_.emplace(pointwise<float>(kernels, wide, narrow, shape.activation, weights.reduce,
                                     ChannelAffine::of_bias(weights.reduce_bias, narrow),
                                     kernels.padded(wide)));
    excite_.emplace(pointwise<float>(kernels, narrow, wide, Activation::kIdentity, weights.gate,
                                     ChannelAffine::of_bias(weights.gate_bias, wide),
                                     kernels.padded(narrow)));
    reduce_->bind({1, 1});
    excite_->bind({1, 1});
  }
  pack_depthwise(weights);
}

template <class Element>
void FoldedMBConv<Element>::pack_depthwise(const MBConvWeights& weights) {
  const Index lanes = kernels_.lanes, taps = kernel() * kernel();
  const ChannelAffine after = ChannelAffine::of(weights.depthwise_norm, shape_.expanded());
  depthwise_ = zero_lines<float>(blocks() * taps * lanes);
  depthwise_offset_ = zero_lines<float>(blocks() * lanes);
  std::copy(after.offset.begin(), after.offset.end(), depthwise_offset_.get());
  for (Index c = 0; c < shape_.expanded(); ++c) {
    for (Index tap = 0; tap < taps; ++tap)
      depthwise_[static_cast<std::size_t>((c / lanes * taps + tap) * lanes + c % lanes)] =
          weights.depthwise[c * taps + tap] * after.scale[static_cast<std::size_t>(c)];
  }
}

template <class Element>
MapSize FoldedMBConv<Element>::bind(MapSize in) {
  middle_ = in;
  if (source_) {
    source_->bind(in);
    middle_ = source_->out_size();
  }
  const int K = shape_.depthwise.kernel, stride = shape_.depthwise.stride;
  out_ = {kernels::size_after(middle_.height, K, stride, padding_),
          kernels::size_after(middle_.width, K, stride, padding_)};
  top_ = kernels::padding_of(middle_.height, K, stride, padding_).before;
  left_ = kernels::padding_of(middle_.width, K, stride, padding_).before;
  columns_ = std::max((out_.width - 1) * stride + K, left_ + middle_.width);
  project_.bind(out_);
  choose_groups();
  return out_;
}

// As many channels at once as leave the group's weights and its ring in their caches.
template <class Element>
void FoldedMBConv<Element>::choose_groups() {
  constexpr Index kBytes = sizeof(Element);
  const Index columns = source_ ? kernels_.panel : kernels_.lanes;
  const Index by_ring = kGroupRing / ((kernel() + 1) * columns_ * columns);
  const Index by_weights = source_ ? kGroupWeights / (source_->depth() * columns * kBytes) : panels();
  const Index most = std::clamp<Index>(std::min(by_ring, by_weights), 1, panels());
  groups_ = (panels() + most - 1) / most;
  group_blocks_ = 0;
  for (Index group = 0; group < groups_; ++group)
    group_blocks_ = std::max(group_blocks_, tile(group, 1).blocks.size());
}

template <class Element>
FoldedMBConv<Element>::Tile FoldedMBConv<Element>::tile(Index task, Index bands) const {
  const Range of = part_of(panels(), task / bands, groups_);
  return {of, {first_block(of.first), first_block(of.last)}, part_of(out_.height, task % bands, bands)};
}

template <class Element>
Index FoldedMBConv<Element>::picture_memory() const {
  const Index row = blocks() * kernels_.lanes;
  return Carver::size_for<Element>(source_ ? source_->padded_size() : 0) +
         Carver::size_for<Element>(row * out_.pixels()) + Carver::size_of(row * out_.height) +
         2 * Carver::size_of(row) + Carver::size_of(kernels_.padded(shape_.squeezed_channels)) +
         Carver::size_for<Element>(project_.packed_size());
}

template <class Element>
FoldedMBConv<Element>::Memory FoldedMBConv<Element>::carve(float* memory) const {
  Carver carver(memory);
  const Index row = blocks() * kernels_.lanes;
  Memory of{};
  of.padded = carver.take_of<Element>(source_ ? source_->padded_size() : 0);
  of.wide = carver.take_of<Element>(row * out_.pixels());
  of.row_sums = carver.take(row * out_.height);
  of.pooled = carver.take(row);
  of.gate = carver.take(row);
  of.squeezed = carver.take(kernels_.padded(shape_.squeezed_channels));
  of.scaled = carver.take_of<Element>(project_.packed_size());
  return of;
}

template <class Element>
void FoldedMBConv<Element>::run(const LayerRun& run, const Element* in, Element* out) const {
  const Memory memory = carve(run.picture);
  const Element* seen = source_ ? source_->padded(in, memory.padded) : in;
  // Bands of rows bring their borders in twice, so there are some only where threads would have nothing to do.
  const Index wanted = run.parallel.workers > 1 ? 3 * run.parallel.workers : 1;
  const Index bands =
      std::clamp<Index>((wanted + groups_ - 1) / groups_, 1, std::max<Index>(1, out_.height / 4));
  const auto work = [&](Index task, int worker) {
    run_tile(tile(task, bands), seen, run.of_worker(worker), memory);
  };
  run.parallel.run(groups_ * bands, std::ref(work));

  typename FoldedConv<Element>::template Operands<Element> project{
      .in = memory.wide, .addend = shape_.residual ? in : nullptr, .out = out};
  if (shape_.squeezes()) {
    const float* gate = squeeze(memory);
    if (gates_weights()) {
      project_.scale(gate, memory.scaled);
      project.weights = memory.scaled;
    } else {
      gate_map(gate, memory.wide);
    }
  }
  project_.run(run.parallel, project);
}

template <class Element>
void FoldedMBConv<Element>::run_tile(const Tile& tile, const Element* in, float* ring,
                                     const Memory& memory) const {
  const Index lanes = kernels_.lanes, K = kernel(), stride = shape_.depthwise.stride,
              channels = blocks() * lanes;
  std::fill_n(ring, (K + 1) * slot_size(), 0.0f);  // the columns left and right, and a row of zeros
  const float* zeros = ring + K * slot_size();
  std::array<const float*, kMostTaps> rows{};
  Index next = std::max<Index>(0, tile.rows.first * stride - top_);
  for (Index y = tile.rows.first; y < tile.rows.last; ++y) {
    const Index first = y * stride - top_;
    for (next = std::max(next, first); next < std::min(first + K, middle_.height); ++next)
      bring_in(tile, in, next, ring + next % K * slot_size());
    for (Index i = 0; i < K; ++i) {
      const Index row = first + i;
      rows[static_cast<std::size_t>(i)] =
          row < 0 || row >= middle_.height ? zeros : ring + row % K * slot_size();
    }
    for (Index block = tile.blocks.first; block < tile.blocks.last; ++block) {
      kernels_.maps_of<Element>().depthwise_row(
          {.rows = rows.data(),
           .row_offset = (block - tile.blocks.first) * columns_ * lanes,
           .weights = depthwise_.get() + block * K * K * lanes,
           .offset = depthwise_offset_.get() + block * lanes,
           .kernel = shape_.depthwise.kernel,
           .stride = shape_.depthwise.stride,
           .pixels = out_.width,
           .activation = shape_.activation,
           .out = memory.wide + (block * out_.pixels() + y * out_.width) * lanes,
           .sum = memory.row_sums + y * channels + block * lanes});
    }
  }
}

template <class Element>
void FoldedMBConv<Element>::bring_in(const Tile& tile, const Element* in, Index row, float* slot) const {
  const Index lanes = kernels_.lanes;
  float* out = slot + left_ * lanes;
  if (source_) {
    FinishedConvRow<Element, float> call = source_->template row<float>(in, row, tile.panels);
    call.out = out;
    call.out_block = columns_ * lanes;
    return kernels_.maps_of<Element>().conv_row_to_floats(call);
  }
  for (Index block = tile.blocks.first; block < tile.blocks.last; ++block, out += columns_ * lanes)
    kernels_.maps_of<Element>().to_floats(middle_.width * lanes,
                                          in + (block * middle_.pixels() + row * middle_.width) * lanes, out);
}

template <class Element>
const float* FoldedMBConv<Element>::squeeze(const Memory& memory) const {
  const Index channels = blocks() * kernels_.lanes;
  std::fill_n(memory.pooled, channels, 0.0f);
  kernels_.dot_rows({.rows = out_.height,
                     .channels = channels,
                     .x = memory.row_sums,
                     .x_row = channels,
                     .sum = memory.pooled});
  const float share = 1 / static_cast<float>(out_.pixels());
  for (Index c = 0; c < channels; ++c) memory.pooled[c] *= share;
  const ParallelFor alone;
  reduce_->run<float>(alone, {.in = memory.pooled, .out = memory.squeezed});
  excite_->run<float>(alone, {.in = memory.squeezed, .out = memory.gate});
  kernels_.sigmoid({.count = channels, .x = memory.gate, .out = memory.gate});
  return memory.gate;
}

template <class Element>
void FoldedMBConv<Element>::gate_map(const float* gate, Element* wide) const {
  const Index lanes = kernels_.lanes;
  for (Index block = 0; block < blocks(); ++block)
    kernels_.maps_of<Element>().gate_block(
        {.pixels = out_.pixels(), .gate = gate + block * lanes, .map = wide + block * out_.pixels() * lanes});
}

template class FoldedMBConv<float>;
template class FoldedMBConv<BFloat16>;

}  // namespace effnet::cpu
