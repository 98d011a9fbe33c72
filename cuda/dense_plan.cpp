#include "cuda/dense_plan.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace effnet::cuda {
namespace {

constexpr int kBlocks = 264;             // two for each of the 132 processors of an H100 or H200
constexpr Index kFewestOfAGradient = 8;  // strips: a part of the weight gradient is as large as the weights

void check(const ConvShape& s) {
  if (const char* why = dense_refusal(s))
    throw std::invalid_argument(std::string("CUDA dense convolution: ") + why);
}

void set_channels(const ChannelChunks& cut, DensePlan& p) {
  p.width = cut.width;
  p.chunks = p.blocks_across = cut.chunks;
}

Index most_parts(const DensePlan& p) {
  return std::max(1, kBlocks / p.blocks_across);
}

}  // namespace

const char* dense_refusal(const ConvShape& s) {
  if (s.kernel != 1 && s.kernel != 3 && s.kernel != 5)
    return "only kernels of 1, 3 and 5 have a kernel on CUDA";
  if (s.stride != 1 && s.stride != 2) return "only strides of 1 and 2 have a kernel on CUDA";
  if (s.in_channels <= 0 || s.in_channels % 8 != 0 || s.out_channels <= 0 || s.out_channels % 8 != 0)
    return "only channels that are multiples of 8 have a kernel";
  const Index in = s.batch * s.in_pixels(), out = s.batch * s.out_pixels();
  if (in <= 0 || out <= 0) return "an empty map has no kernel";
  if (in >= kMostRows || out >= kMostRows || s.patch() * s.out_channels >= kMostRows)
    return "maps or weights are too large for the kernel";
  return nullptr;
}

DensePlan plan_dense_forward(const ConvShape& s, Storage storage) {
  check(s);
  constexpr std::size_t kMaps = 2 * kBlockOfStrips;  // x, and x on its way
  const int panel = panel_channels(storage);
  DensePlan p;
  p.panels = static_cast<int>(divide_up(s.in_channels, panel));
  const auto bytes_of_matrix = [&] {
    return static_cast<std::size_t>(divide_up(p.width, 16) * 16 * kPanelBytes);
  };
  const std::size_t matrices = static_cast<std::size_t>(s.kernel * s.kernel * p.panels);
  for (const int panels_across : {2, 1}) {
    set_channels(cut_channels(s.out_channels, panels_across * panel), p);
    p.shared_bytes = kMaps + matrices * bytes_of_matrix();
    if (p.shared_bytes <= kMostShared) break;
  }
  if (p.shared_bytes > kMostShared) {
    p.streams = true;
    set_channels(cut_channels(s.out_channels, 2 * panel), p);
    p.shared_bytes = kMaps + 2 * bytes_of_matrix();
  }
  p.walk = plan_strips(1, s.batch * s.out_pixels(), most_parts(p), 1);
  return p;
}

DensePlan plan_dense_input_gradient(const ConvShape& s, Storage storage) {
  check(s);
  constexpr std::size_t kMaps = 3 * kBlockOfStrips;  // d, d on its way, y
  const int panel = panel_channels(storage);
  const auto bytes_of_matrix = static_cast<std::size_t>(panel * kPanelBytes);
  DensePlan p;
  p.panels = static_cast<int>(divide_up(s.out_channels, panel));
  set_channels(cut_channels(s.in_channels, panel), p);
  p.shared_bytes = kMaps + static_cast<std::size_t>(s.kernel * s.kernel * p.panels) * bytes_of_matrix;
  if (p.shared_bytes > kMostShared) {
    p.streams = true;
    p.shared_bytes = kMaps + 2 * bytes_of_matrix;
  }
  p.walk = plan_strips(1, s.batch * divide_up(s.height, s.stride) * divide_up(s.width, s.stride),
                       most_parts(p), 1);
  return p;
}

DensePlan plan_dense_weight_gradient(const ConvShape& s, Storage storage) {
  check(s);
  const int panel = panel_channels(storage);
  DensePlan p;
  p.panels = static_cast<int>(divide_up(s.out_channels, panel));
  set_channels(cut_channels(s.in_channels, panel), p);
  p.blocks_across = p.panels * p.chunks * s.kernel;
  p.shared_bytes = 5 * kBlockOfStrips;  // d and x, both also on their way, y
  p.walk = plan_strips(1, s.batch * s.out_pixels(), most_parts(p), kFewestOfAGradient);
  return p;
}

}  // namespace effnet::cuda
