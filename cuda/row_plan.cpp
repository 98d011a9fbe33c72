#include "cuda/row_plan.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace effnet::cuda {
namespace {

constexpr Index kMostValues = std::numeric_limits<std::int32_t>::max();
constexpr int kFewestSteps =
    4;  // of a segment: its sums and its channels' numbers are to be worth their while

Index divide_up(Index a, Index b) {
  return (a + b - 1) / b;
}

void check(const RowShape& s) {
  const auto refuse = [](const std::string& why) { throw std::invalid_argument("CUDA rows: " + why); };
  if (s.batch <= 0 || s.pixels <= 0) refuse("an empty map");
  if (s.channels <= 0 || s.channels % 8 != 0)
    refuse(std::to_string(s.channels) + " channels, not a multiple of 8");
  if (s.pixels * s.channels > kMostValues) refuse("a picture of 2^31 values or more");
  if (s.batch > kMostValues / s.pixels) refuse("2^31 pixels or more");
}

}  // namespace

RowPlan plan_rows(const RowShape& s, Storage storage, RowCut cut) {
  check(s);
  const auto narrow = [](Index n) { return static_cast<int>(n); };
  RowPlan p{.batch = narrow(s.batch), .pixels = narrow(s.pixels), .channels = narrow(s.channels)};
  const Index vectors = s.channels / vector_channels(storage), fewest = divide_up(vectors, kMostLanes);
  // Whole sectors of 32 bytes where rows are divided.
  p.lanes = narrow(fewest == 1 ? vectors : divide_up(divide_up(vectors, fewest), 2) * 2);
  p.chunks = narrow(divide_up(vectors, p.lanes));
  p.rows_at_once = narrow(std::min<Index>(kRowThreads / p.lanes, s.pixels));
  p.threads = narrow(divide_up(p.lanes * p.rows_at_once, 32) * 32);

  const Index whole = p.chunks * s.batch,
              fewest_rows = std::min<Index>(kFewestSteps * p.rows_at_once, s.pixels);
  p.segment_rows = cut == RowCut::kPictures
                       ? p.pixels
                       : narrow(std::max(fewest_rows, divide_up(s.pixels, divide_up(kRowBlocks, whole))));
  p.segments = narrow(divide_up(s.pixels, p.segment_rows));
  p.items = narrow(s.batch * p.segments);
  p.items_a_part = cut == RowCut::kMap ? narrow(divide_up(p.items, std::max(1, kRowBlocks / p.chunks))) : 1;
  p.parts = narrow(divide_up(p.items, p.items_a_part));
  return p;
}

std::size_t row_shared_bytes(const RowPlan& plan, Storage storage) {
  return sizeof(float) * static_cast<std::size_t>(plan.threads * vector_channels(storage));
}

}  // namespace effnet::cuda
