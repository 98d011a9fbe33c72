#include "cuda/strip_plan.h"

#include <algorithm>

namespace effnet::cuda {

StripPlan plan_strips(Index pictures, Index pixels, Index most_parts, Index fewest) {
  StripPlan p;
  p.pictures = static_cast<int>(pictures);
  p.pixels = static_cast<int>(pixels);
  const Index strips = divide_up(pixels, kStripRows), warps = kStripsABlock * most_parts;
  const Index most_segments = divide_up(strips, std::min(strips, fewest));
  Index least = 0;
  for (Index rounds = 1; rounds <= 4; ++rounds) {  // tries what fills them, and takes what ends first
    const Index segments = std::clamp<Index>(rounds * warps / pictures, 1, most_segments);
    const Index steps = divide_up(pictures * segments, warps) * divide_up(strips, segments);
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

ChannelChunks cut_channels(Index channels, int most) {
  const Index even = divide_up(channels, divide_up(channels, most));
  const Index width = divide_up(even, 8) * 8;
  return {static_cast<int>(width), static_cast<int>(divide_up(channels, width))};
}

}  // namespace effnet::cuda
