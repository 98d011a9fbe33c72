#include "cpu/folded_conv.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <new>

namespace effnet::cpu {

ChannelAffine ChannelAffine::of(const BatchNormWeights& norm, Index channels) {
  ChannelAffine affine;
  for (Index c = 0; c < channels; ++c) {
    const double scale = norm.weight[c] / std::sqrt(static_cast<double>(norm.running_var[c]) + norm.eps);
    affine.scale.push_back(static_cast<float>(scale));
    affine.offset.push_back(static_cast<float>(norm.bias[c] - norm.running_mean[c] * scale));
  }
  return affine;
}

ChannelAffine ChannelAffine::of_bias(const float* bias, Index channels) {
  return {std::vector<float>(static_cast<std::size_t>(channels), 1.0f), {bias, bias + channels}};
}

void LineDelete::operator()(void* p) const {
  std::free(p);
}

template <class Element>
Lines<Element> zero_lines(Index count) {
  const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(Element) + 63) / 64 * 64;
  Lines<Element> lines(static_cast<Element*>(std::aligned_alloc(64, std::max<std::size_t>(bytes, 64))));
  if (!lines) throw std::bad_alloc();
  std::fill_n(lines.get(), bytes / sizeof(Element), Element{});
  return lines;
}

namespace {

Index whole_slots(Index count, Index slot) {
  return (count + slot - 1) / slot * slot;
}

template <class Element>
void run_row(const KernelTable& kernels, const FinishedConvRow<Element, Element>& row) {
  kernels.maps_of<Element>().conv_row(row);
}
void run_row(const KernelTable& kernels, const FinishedConvRow<BFloat16, float>& row) {
  kernels.maps_of<BFloat16>().conv_row_to_floats(row);
}

}  // namespace

template <class In>
FoldedConv<In>::FoldedConv(const KernelTable& kernels, const ConvTerms& terms, const float* weight,
                           const ChannelAffine& after, Index block)
    : kernels_(kernels), terms_(terms), block_(block), blocks_((terms.in_channels + block - 1) / block) {
  // A larger kernel sees whole blocks, with zeros for the lanes beyond the channels.
  depth_ = terms.kernel == 1 ? whole_slots(terms.in_channels, kSlot<In>)
                             : blocks_ * block * terms.kernel * terms.kernel;
  pack(weight, after);
}

template <class In>
void FoldedConv<In>::pack(const float* weight, const ChannelAffine& after) {
  constexpr Index kStep = kSlot<In>;
  weights_ = zero_lines<In>(packed_size());
  offset_ = zero_lines<float>(vectors() * kernels_.lanes);
  std::copy(after.offset.begin(), after.offset.end(), offset_.get());
  const Index K = terms_.kernel, taps = K * K, in = terms_.in_channels;
  for (Index panel = 0; panel < panels(); ++panel) {
    const Index first = first_vector(panel) * kernels_.lanes,
                columns = first_vector(panel + 1) * kernels_.lanes - first;
    const Index last = std::min(first + columns, terms_.out_channels);
    In* const packed = weights_.get() + first * depth_;
    for (Index n = first; n < last; ++n) {
      const float scale = after.scale[static_cast<std::size_t>(n)];
      for (Index tap = 0; tap < taps; ++tap) {
        const float* source = weight + (n * taps + tap) * in;
        for (Index c = 0; c < in; ++c) {
          const Index k = K == 1 ? c : (c / block_ * taps + tap) * block_ + c % block_;
          packed[(k / kStep * columns + n - first) * kStep + k % kStep] = rounded_to<In>(source[c] * scale);
        }
      }
    }
  }
}

template <class In>
void FoldedConv<In>::bind(MapSize in) {
  in_ = in;
  const int K = terms_.kernel, stride = terms_.stride;
  out_ = {kernels::size_after(in.height, K, stride, terms_.padding),
          kernels::size_after(in.width, K, stride, terms_.padding)};
  rows_ = kernels::padding_of(in.height, K, stride, terms_.padding);
  columns_ = kernels::padding_of(in.width, K, stride, terms_.padding);
  const MapSize seen{(out_.height - 1) * stride + K, (out_.width - 1) * stride + K};
  padded_ = rows_.before > 0 || columns_.before > 0 || seen.height > in.height || seen.width > in.width;
  read_ = padded_ ? seen : in;
  row_size_ = read_.width * block_;
  segments_.clear();
  for (Index block = 0; block < blocks_; ++block) {
    for (Index i = 0; i < K; ++i) segments_.push_back(block * read_.pixels() * block_ + i * row_size_);
  }
}

template <class In>
const In* FoldedConv<In>::padded(const In* map, In* memory) const {
  if (!padded_) return map;
  const Index left = columns_.before * block_;
  const Index inside = std::min(in_.width * block_, row_size_ - left);
  for (Index block = 0; block < blocks_; ++block, map += in_.pixels() * block_) {
    for (Index y = 0; y < read_.height; ++y, memory += row_size_) {
      const Index row = y - rows_.before;
      if (row < 0 || row >= in_.height) {
        std::fill_n(memory, row_size_, In{});
        continue;
      }
      std::fill_n(memory, left, In{});
      std::copy_n(map + row * in_.width * block_, inside, memory + left);
      std::fill_n(memory + left + inside, row_size_ - left - inside, In{});
    }
  }
  return memory - padded_size();
}

template <class In>
template <class Out>
FinishedConvRow<In, Out> FoldedConv<In>::call(const In* in, Index pixels, Range panels) const {
  const Index run = terms_.kernel * block_;
  return {.pixels = pixels,
          .in = in,
          .in_pixel = terms_.stride * block_,
          .segments = segments_.data(),
          .segment_count = static_cast<Index>(segments_.size()),
          .run = run,
          .last_run = terms_.kernel == 1 ? depth_ - (blocks_ - 1) * block_ : run,
          .vectors = vectors(),
          .panels = this->panels(),
          .first_panel = panels.first,
          .last_panel = panels.last,
          .weights = weights_.get(),
          .offset = offset_.get(),
          .activation = terms_.activation};
}

template <class In>
template <class Out>
FinishedConvRow<In, Out> FoldedConv<In>::row(const In* in, Index y, Range panels) const {
  return call<Out>(in + y * terms_.stride * row_size_, out_.width, panels);
}

template <class In>
template <class Out>
FinishedConvRow<In, Out> FoldedConv<In>::pixels(const In* in, Range pixels, Range panels) const {
  return call<Out>(in + pixels.first * block_, pixels.size(), panels);
}

template <class In>
template <class Out>
void FoldedConv<In>::run_piece(const Operands<Out>& operands, FinishedConvRow<In, Out> call,
                               Index first_pixel) const {
  const Index lanes = kernels_.lanes, block = out_.pixels() * lanes, vector = first_vector(call.first_panel);
  const Index at = vector * block + first_pixel * lanes;
  if (operands.weights) call.weights = operands.weights;
  if (operands.addend) call.addend = operands.addend + at;
  if (operands.out) call.out = operands.out + at;
  if (operands.sum) call.sum = operands.sum + vector * lanes;
  call.out_block = block;
  run_row(kernels_, call);
}

template <class In>
template <class Out>
void FoldedConv<In>::run_panel(const Operands<Out>& operands, Index panel) const {
  const Range panels{panel, panel + 1};
  if (operands.sum) {
    const Index first = first_vector(panel) * kernels_.lanes, last = first_vector(panel + 1) * kernels_.lanes;
    std::fill(operands.sum + first, operands.sum + last, 0.0f);
  }
  if (pointwise()) return run_piece(operands, pixels<Out>(operands.in, {0, out_.pixels()}, panels), 0);
  for (Index y = 0; y < out_.height; ++y)
    run_piece(operands, row<Out>(operands.in, y, panels), y * out_.width);
}

template <class In>
template <class Out>
void FoldedConv<In>::run(const ParallelFor& parallel, const Operands<Out>& operands) const {
  const auto each = [&](Index tasks, auto&& work) { parallel.run(tasks, std::ref(work)); };
  const Range all{0, panels()};
  // Whichever is larger, weights or map, is read once.
  if (operands.sum || terms_.out_channels > out_.pixels())
    return each(panels(), [&](Index panel, int) { run_panel(operands, panel); });
  if (!pointwise())
    return each(out_.height,
                [&](Index y, int) { run_piece(operands, row<Out>(operands.in, y, all), y * out_.width); });
  // A panel that does not fit into the first level cache is worth a few pixels at a time, which do.
  const Index most = depth_ * kernels_.panel * static_cast<Index>(sizeof(In)) <= 32 * 1024 ? 64 : 8;
  const Index pieces = (out_.pixels() + most - 1) / most;
  each(pieces, [&](Index piece, int) {
    const Range of = part_of(out_.pixels(), piece, pieces);
    run_piece(operands, pixels<Out>(operands.in, of, all), of.first);
  });
}

template <class In>
void FoldedConv<In>::scale(const float* gate, In* out) const {
  kernels_.maps_of<In>().scale_panels({.k = depth_,
                                       .vectors = vectors(),
                                       .panels = panels(),
                                       .weights = weights_.get(),
                                       .gate = gate,
                                       .out = out});
}

template Lines<float> zero_lines<float>(Index);
template class FoldedConv<float>;
template FinishedConvRow<float, float> FoldedConv<float>::row(const float*, Index, Range) const;
template void FoldedConv<float>::run(const ParallelFor&, const Operands<float>&) const;
template class FoldedConv<BFloat16>;
template FinishedConvRow<BFloat16, float> FoldedConv<BFloat16>::row(const BFloat16*, Index, Range) const;
template void FoldedConv<BFloat16>::run(const ParallelFor&, const Operands<float>&) const;
template void FoldedConv<BFloat16>::run(const ParallelFor&, const Operands<BFloat16>&) const;

}  // namespace effnet::cpu
