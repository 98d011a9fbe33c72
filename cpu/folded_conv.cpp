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

void LineDelete::operator()(float* p) const {
  std::free(p);
}

Lines zero_lines(Index count) {
  const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(float) + 63) / 64 * 64;
  Lines lines(static_cast<float*>(std::aligned_alloc(64, std::max<std::size_t>(bytes, 64))));
  if (!lines) throw std::bad_alloc();
  std::fill_n(lines.get(), bytes / sizeof(float), 0.0f);
  return lines;
}

FoldedConv::FoldedConv(const KernelTable& kernels, const ConvTerms& terms, const float* weight,
                       const ChannelAffine& after, Index block)
    : kernels_(kernels), terms_(terms), block_(block), blocks_((terms.in_channels + block - 1) / block) {
  // A larger kernel sees whole blocks, with zeros for the lanes beyond the channels.
  depth_ = terms.kernel == 1 ? terms.in_channels : blocks_ * block * terms.kernel * terms.kernel;
  pack(weight, after);
}

void FoldedConv::pack(const float* weight, const ChannelAffine& after) {
  weights_ = zero_lines(packed_size());
  offset_ = zero_lines(vectors() * kernels_.lanes);
  std::copy(after.offset.begin(), after.offset.end(), offset_.get());
  const Index K = terms_.kernel, taps = K * K, in = terms_.in_channels;
  for (Index panel = 0; panel < panels(); ++panel) {
    const Index first = first_vector(panel) * kernels_.lanes,
                columns = first_vector(panel + 1) * kernels_.lanes - first;
    const Index last = std::min(first + columns, terms_.out_channels);
    float* const packed = weights_.get() + first * depth_;
    for (Index n = first; n < last; ++n) {
      const float scale = after.scale[static_cast<std::size_t>(n)];
      for (Index tap = 0; tap < taps; ++tap) {
        const float* source = weight + (n * taps + tap) * in;
        for (Index c = 0; c < in; ++c) {
          const Index k = K == 1 ? c : (c / block_ * taps + tap) * block_ + c % block_;
          packed[k * columns + n - first] = source[c] * scale;
        }
      }
    }
  }
}

void FoldedConv::bind(MapSize in) {
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

const float* FoldedConv::padded(const float* map, float* memory) const {
  if (!padded_) return map;
  const Index left = columns_.before * block_;
  const Index inside = std::min(in_.width * block_, row_size_ - left);
  for (Index block = 0; block < blocks_; ++block, map += in_.pixels() * block_) {
    for (Index y = 0; y < read_.height; ++y, memory += row_size_) {
      const Index row = y - rows_.before;
      if (row < 0 || row >= in_.height) {
        std::fill_n(memory, row_size_, 0.0f);
        continue;
      }
      std::fill_n(memory, left, 0.0f);
      std::copy_n(map + row * in_.width * block_, inside, memory + left);
      std::fill_n(memory + left + inside, row_size_ - left - inside, 0.0f);
    }
  }
  return memory - padded_size();
}

FinishedConvRow FoldedConv::call(const float* in, Index pixels, Range panels) const {
  const Index run = terms_.kernel * block_;
  return {.pixels = pixels,
          .in = in,
          .in_pixel = terms_.stride * block_,
          .segments = segments_.data(),
          .segment_count = static_cast<Index>(segments_.size()),
          .run = run,
          .last_run = terms_.kernel == 1 ? terms_.in_channels - (blocks_ - 1) * block_ : run,
          .vectors = vectors(),
          .panels = this->panels(),
          .first_panel = panels.first,
          .last_panel = panels.last,
          .weights = weights_.get(),
          .offset = offset_.get(),
          .activation = terms_.activation};
}

FinishedConvRow FoldedConv::row(const float* in, Index y, Range panels) const {
  return call(in + y * terms_.stride * row_size_, out_.width, panels);
}

FinishedConvRow FoldedConv::pixels(const float* in, Range pixels, Range panels) const {
  return call(in + pixels.first * block_, pixels.size(), panels);
}

void FoldedConv::run_piece(const Operands& operands, FinishedConvRow call, Index first_pixel) const {
  const Index lanes = kernels_.lanes, block = out_.pixels() * lanes, vector = first_vector(call.first_panel);
  const Index at = vector * block + first_pixel * lanes;
  if (operands.weights) call.weights = operands.weights;
  if (operands.addend) call.addend = operands.addend + at;
  if (operands.out) call.out = operands.out + at;
  if (operands.sum) call.sum = operands.sum + vector * lanes;
  call.out_block = block;
  kernels_.conv_row(call);
}

void FoldedConv::run_panel(const Operands& operands, Index panel) const {
  const Range panels{panel, panel + 1};
  if (operands.sum) {
    const Index first = first_vector(panel) * kernels_.lanes, last = first_vector(panel + 1) * kernels_.lanes;
    std::fill(operands.sum + first, operands.sum + last, 0.0f);
  }
  if (pointwise()) return run_piece(operands, pixels(operands.in, {0, out_.pixels()}, panels), 0);
  for (Index y = 0; y < out_.height; ++y) run_piece(operands, row(operands.in, y, panels), y * out_.width);
}

void FoldedConv::run(const ParallelFor& parallel, const Operands& operands) const {
  const auto each = [&](Index tasks, auto&& work) { parallel.run(tasks, std::ref(work)); };
  const Range all{0, panels()};
  // Whichever is larger, weights or map, is read once.
  if (operands.sum || terms_.out_channels > out_.pixels())
    return each(panels(), [&](Index panel, int) { run_panel(operands, panel); });
  if (!pointwise())
    return each(out_.height,
                [&](Index y, int) { run_piece(operands, row(operands.in, y, all), y * out_.width); });
  // A panel that does not fit into the first level cache is worth a few pixels at a time, which do.
  const Index most = depth_ * kernels_.panel <= 8192 ? 64 : 8;
  const Index pieces = (out_.pixels() + most - 1) / most;
  each(pieces, [&](Index piece, int) {
    const Range of = part_of(out_.pixels(), piece, pieces);
    run_piece(operands, pixels(operands.in, of, all), of.first);
  });
}

void FoldedConv::scale(const float* gate, float* out) const {
  kernels_.scale_panels({.k = depth_,
                         .vectors = vectors(),
                         .panels = panels(),
                         .weights = weights_.get(),
                         .gate = gate,
                         .out = out});
}

}  // namespace effnet::cpu
