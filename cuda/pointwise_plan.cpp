#include "cuda/pointwise_plan.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace effnet::cuda {
namespace {

constexpr int kForwardBlocks = 264;   // two for each of the 132 processors of an H100 or H200
constexpr int kBackwardBlocks = 132;  // its sums take most of a processor's registers

void check(const PointwiseShape& s) {
  const auto refuse = [](const std::string& why) { throw std::invalid_argument("CUDA pointwise: " + why); };
  for (const Index channels : {s.in_channels, s.out_channels}) {
    if (channels <= 0 || channels % 8 != 0)
      refuse(std::to_string(channels) + " channels, not a multiple of 8");
  }
  if (s.batch <= 0 || s.pixels <= 0) refuse("an empty map");
  if (s.rows() >= kMostRows) refuse("2^30 rows or more");
}

StripPlan cut(const PointwiseShape& s, bool gated, Index most_parts, Index fewest) {
  return gated ? plan_strips(s.batch, s.pixels, most_parts, fewest)
               : plan_strips(1, s.rows(), most_parts, fewest);
}

void set_channels(const ChannelChunks& cut, PointwisePlan& p) {
  p.width = cut.width;
  p.chunks = cut.chunks;
}

}  // namespace

PointwisePlan plan_forward(const PointwiseShape& s, Storage storage, bool gated) {
  check(s);
  constexpr std::size_t kMaps = 2 * kBlockOfStrips;
  const int panel = panel_channels(storage);
  PointwisePlan p;
  p.panels = static_cast<int>(divide_up(s.in_channels, panel));
  const auto bytes_of_panel = [&] {
    return static_cast<std::size_t>(divide_up(p.width, 16) * 16 * kPanelBytes);
  };
  for (const int panels_across : {2, 1}) {
    set_channels(cut_channels(s.out_channels, panels_across * panel), p);
    p.shared_bytes = kMaps + static_cast<std::size_t>(p.panels) * bytes_of_panel();
    if (p.shared_bytes <= kMostShared) break;
  }
  if (p.shared_bytes > kMostShared) {
    p.streams = true;
    set_channels(cut_channels(s.out_channels, 2 * panel), p);
    p.shared_bytes = kMaps + 2 * bytes_of_panel();
  }
  p.walk = cut(s, gated, std::max(1, kForwardBlocks / p.chunks), 1);
  return p;
}

PointwisePlan plan_backward(const PointwiseShape& s, Storage storage, bool gated) {
  check(s);
  constexpr std::size_t kMaps = 5 * kBlockOfStrips;
  const int panel = panel_channels(storage);
  const auto bytes_of_panel = static_cast<std::size_t>(panel * kPanelBytes);
  PointwisePlan p;
  p.panels = static_cast<int>(divide_up(s.out_channels, panel));
  p.splits = static_cast<int>(divide_up(p.panels, kSumPanels));
  set_channels(cut_channels(s.in_channels, panel), p);
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
