#include "cuda/pointwise_plan.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace effnet::cuda {
namespace {

constexpr std::size_t kMostShared = 163 * 1024;  // of a block, compute capability 8.0
constexpr int kForwardBlocks = 264;              // two for each of the 132 processors of an H100 or H200
constexpr int kBackwardBlocks = 132;             // its sums take most of a processor's registers

Index divide_up(Index a, Index b) {
  return (a + b - 1) / b;
}

int panel_of(Storage storage) {
  return kPanelBytes / static_cast<int>(bytes_of(storage));
}

void check(const PointwiseShape& s) {
  const auto refuse = [](const std::string& why) { throw std::invalid_argument("CUDA pointwise: " + why); };
  for (const Index channels : {s.in_channels, s.out_channels}) {
    if (channels <= 0 || channels % 8 != 0)
      refuse(std::to_string(channels) + " channels, not a multiple of 8");
  }
  if (s.batch <= 0 || s.pixels <= 0) refuse("an empty map");
  if (s.rows() >= Index{1} << 30) refuse("2^30 rows or more");
}

// At most `most_parts` blocks, segments of `fewest` strips or whole pictures.
StripPlan cut(const PointwiseShape& s, bool gated, Index most_parts, Index fewest) {
  StripPlan p;
  p.pictures = static_cast<int>(gated ? s.batch : 1);
  p.pixels = static_cast<int>(gated ? s.pixels : s.rows());
  const Index strips = divide_up(p.pixels, kStripRows), warps = kStripsABlock * most_parts;
  const Index most_segments = divide_up(strips, std::min(strips, fewest));
  Index least = 0;
  for (Index rounds = 1; rounds <= 4; ++rounds) {  // tries what fills them, and takes what ends first
    const Index segments = std::clamp<Index>(rounds * warps / p.pictures, 1, most_segments);
    const Index steps = divide_up(p.pictures * segments, warps) * divide_up(strips, segments);
    if (least != 0 && steps >= least) continue;
    least = steps;
    p.strips = static_cast<int>(divide_up(strips, segments));
    p.segments = static_cast<int>(divide_up(strips, p.strips));
  }
  p.items = p.pictures * p.segments;
  p.rounds = static_cast<int>(divide_up(p.items, warps));
  p.parts = static_cast<int>(divide_up(p.items, kStripsABlock * static_cast<Index>(p.rounds)));
  return p;
}

// Cuts `channels` evenly into chunks of up to `most`.
void cut_channels(Index channels, int most, PointwisePlan& p) {
  p.chunks = static_cast<int>(divide_up(channels, most));
  p.width = static_cast<int>(divide_up(divide_up(channels, p.chunks), 8) * 8);
  p.chunks = static_cast<int>(divide_up(channels, p.width));
}

}  // namespace

PointwisePlan plan_forward(const PointwiseShape& s, Storage storage, bool gated) {
  check(s);
  constexpr std::size_t kMaps = 2 * kBlockOfStrips;
  const int panel = panel_of(storage);
  PointwisePlan p;
  p.panels = static_cast<int>(divide_up(s.in_channels, panel));
  const auto bytes_of_panel = [&] {
    return static_cast<std::size_t>(divide_up(p.width, 16) * 16 * kPanelBytes);
  };
  for (const int panels_across : {2, 1}) {
    cut_channels(s.out_channels, panels_across * panel, p);
    p.shared_bytes = kMaps + static_cast<std::size_t>(p.panels) * bytes_of_panel();
    if (p.shared_bytes <= kMostShared) break;
  }
  if (p.shared_bytes > kMostShared) {
    p.streams = true;
    cut_channels(s.out_channels, 2 * panel, p);
    p.shared_bytes = kMaps + 2 * bytes_of_panel();
  }
  p.walk = cut(s, gated, std::max(1, kForwardBlocks / p.chunks), 1);
  return p;
}

PointwisePlan plan_backward(const PointwiseShape& s, Storage storage, bool gated) {
  check(s);
  constexpr std::size_t kMaps = 5 * kBlockOfStrips;
  const int panel = panel_of(storage);
  const auto bytes_of_panel = static_cast<std::size_t>(panel * kPanelBytes);
  PointwisePlan p;
  p.panels = static_cast<int>(divide_up(s.out_channels, panel));
  p.splits = static_cast<int>(divide_up(p.panels, kSumPanels));
  cut_channels(s.in_channels, panel, p);
  p.shared_bytes = kMaps + static_cast<std::size_t>(p.panels) * bytes_of_panel;
  if (p.shared_bytes > kMostShared) {
    p.streams = true;
    p.shared_bytes = kMaps + 2 * bytes_of_panel;
  }
  // A segment of a picture leaves three sums a channel.
  p.walk = cut(s, gated, std::max(1, kBackwardBlocks / p.blocks_across()), 8);
  return p;
}

}  // namespace effnet::cuda
