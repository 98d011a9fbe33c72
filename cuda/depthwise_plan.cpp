#include "cuda/depthwise_plan.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace effnet::cuda {
namespace {

constexpr Index kMostValues = std::numeric_limits<std::int32_t>::max();  // that an item's offsets reach
constexpr int kFewestRows = 8;  // of a segment: each has its own rows to warm up with

int divide_up(int a, int b) {
  return (a + b - 1) / b;
}

void check(const DepthwiseShape& s) {
  const auto refuse = [](const std::string& why) { throw std::invalid_argument("CUDA depthwise: " + why); };
  if (s.kernel != 3 && s.kernel != 5 && s.kernel != 7) refuse("kernel " + std::to_string(s.kernel));
  if (s.stride != 1 && s.stride != 2) refuse("stride " + std::to_string(s.stride));
  if (s.channels <= 0 || s.channels % 8 != 0)
    refuse(std::to_string(s.channels) + " channels, not a multiple of 8");
  if (s.batch <= 0 || s.height <= 0 || s.width <= 0 || s.out_height <= 0 || s.out_width <= 0)
    refuse("an empty map");
  const Index pixels = std::max(s.height * s.width, s.out_height * s.out_width);
  if (pixels * s.channels > kMostValues) refuse("a picture of 2^31 values or more");
}

// Fills in everything but the staged rows, from rows, columns, and the columns that a block has threads for.
void cut(const DepthwiseShape& s, int columns_a_block, int lanes, DepthwisePlan& p) {
  const int batch = static_cast<int>(s.batch);
  p.chunks = divide_up(static_cast<int>(s.channels), kChunk);
  p.tiles_across = divide_up(p.columns, columns_a_block);
  p.tile_width = divide_up(p.columns, p.tiles_across);
  const Index picture = std::max(s.height * s.width, s.out_height * s.out_width) * s.channels;
  p.pictures = p.tiles_across > 1 ? 1 : std::min(batch, columns_a_block / p.columns);
  p.pictures = static_cast<int>(std::min<Index>(p.pictures, kMostValues / picture));
  p.picture_groups = divide_up(batch, p.pictures);
  p.threads = divide_up(p.pictures * p.tile_width * lanes, 32) * 32;

  const int whole = p.chunks * p.picture_groups * p.tiles_across;
  p.segment_rows =
      std::max(std::min(kFewestRows, p.rows), divide_up(p.rows, divide_up(kTargetBlocks, whole)));
  p.segments = divide_up(p.rows, p.segment_rows);
  p.items = p.picture_groups * p.tiles_across * p.segments;
  p.items_a_part = divide_up(p.items, std::max(1, kTargetBlocks / p.chunks));
  p.parts = divide_up(p.items, p.items_a_part);
}

void stage(int step_rows, int staged_columns, DepthwisePlan& p) {
  p.step_rows = step_rows;
  p.staged_columns = staged_columns;
  p.staged_row = FastDivisor(p.pictures * staged_columns);
  p.staged_picture = FastDivisor(staged_columns);
}

}  // namespace

DepthwisePlan plan_forward(const DepthwiseShape& s) {
  check(s);
  const int lanes = kChunk / forward_channels(s.kernel);
  DepthwisePlan p;
  p.rows = static_cast<int>(s.out_height);
  p.columns = static_cast<int>(s.out_width);
  cut(s, kThreads / lanes, lanes, p);
  stage(rows_a_step(s.stride) * s.stride, p.tile_width * s.stride + s.kernel - s.stride, p);
  return p;
}

DepthwisePlan plan_backward(const DepthwiseShape& s) {
  check(s);
  const int lanes = kChunk / backward_channels(s.kernel);
  DepthwisePlan p;
  // Cell m holds the padded rows m * stride to m * stride + stride - 1; so for columns.
  const auto cells = [&](Index size, Index pad, int& first, int& count) {
    first = static_cast<int>(pad / s.stride);
    count = static_cast<int>((pad + size - 1) / s.stride) - first + 1;
  };
  cells(s.height, s.pad_top, p.first_row, p.rows);
  cells(s.width, s.pad_left, p.first_column, p.columns);
  cut(s, kThreads / lanes, lanes, p);
  stage(rows_a_step(s.stride), p.tile_width + divide_up(s.kernel, s.stride) - 1, p);
  return p;
}

std::size_t forward_shared_bytes(const DepthwiseShape& shape, Storage storage) {
  const int pixels = plan_forward(shape).staged_pixels(), taps = shape.kernel * shape.kernel;
  return sizeof(float) * static_cast<std::size_t>(forward_floats(pixels, taps) + 2 * kChunk) +
         static_cast<std::size_t>(pixels * kChunk) * bytes_of(storage);
}

std::size_t backward_shared_bytes(const DepthwiseShape& shape, Storage storage, int maps, bool gated) {
  const DepthwisePlan plan = plan_backward(shape);
  const int pixels = plan.staged_pixels(), taps = shape.kernel * shape.kernel;
  const int numbers = 3 * kChunk + (gated ? gate_floats(plan) : 0);
  return sizeof(float) * static_cast<std::size_t>(backward_floats(pixels, taps) + numbers) +
         static_cast<std::size_t>(maps * pixels * kChunk) * bytes_of(storage);
}

}  // namespace effnet::cuda
