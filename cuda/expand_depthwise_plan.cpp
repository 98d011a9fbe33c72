#include "cuda/expand_depthwise_plan.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

namespace effnet::cuda {
namespace {

constexpr int kMostTileBytes = 108 * 1024;  // two blocks on a processor of an H100 or H200
constexpr double kMostExpansion = 1.5;      // pixels expanded for each of the map
constexpr int kMostPictures = kThreads / kChunk;
constexpr int kBlocksAtOnce = 264;

int divide_up(int a, int b) {
  return (a + b - 1) / b;
}

// A candidate with what it costs.
struct Candidate {
  ExpandDepthwisePlan plan;
  double cost = 0;       // instructions of a processor's warps, roughly
  double expansion = 1;  // pixels expanded for each of the map
};

class Cutter {
 public:
  Cutter(const DepthwiseShape& shape, Index in_channels, Storage storage)
      : s_(shape), in_channels_(static_cast<int>(in_channels)), storage_(storage) {}

  std::optional<Candidate> best() const {
    std::optional<Candidate> best;
    const auto consider = [&](int rows, int columns, int pictures) {
      Candidate candidate;
      candidate.plan = tile_of(rows, columns, pictures, candidate.expansion);
      if (memory_of(candidate.plan, s_.kernel, storage_).bytes > kMostTileBytes) return;
      weigh(candidate);
      if (in_channels_ > 0 && candidate.expansion > kMostExpansion) return;
      if (!best || candidate.cost < best->cost) best = candidate;
    };
    const int height = static_cast<int>(s_.out_height), width = static_cast<int>(s_.out_width);
    for (int across = 1; across <= width; across += divide_up(across, 4)) {
      for (int down = 1; down <= height; down += divide_up(down, 4))
        consider(divide_up(height, down), divide_up(width, across), 1);
    }
    for (int pictures = 2; pictures <= std::min<Index>(kMostPictures, s_.batch); ++pictures)
      consider(height, width, pictures);
    return best;
  }

 private:
  // Of the map along one side: what the largest tile needs, and what all tiles need together.
  struct Needed {
    Index most = 0, together = 0;
  };
  Needed needed(int tiles, Index tile, Index out_size, Index size, Index pad) const {
    Needed needed;
    for (int number = 0; number < tiles; ++number) {
      const Index first = number * tile, outputs = std::min(tile, out_size - first);
      const Index from = first * s_.stride - pad, to = from + (outputs - 1) * s_.stride + s_.kernel;
      const Index inside = std::max<Index>(0, std::min(to, size) - std::max<Index>(from, 0));
      needed.most = std::max(needed.most, inside);
      needed.together += inside;
    }
    return needed;
  }
  int open_rows() const { return divide_up(s_.kernel, s_.stride); }
  int groups() const { return kThreads / (kChunk / forward_channels(s_.kernel)); }

  ExpandDepthwisePlan tile_of(int rows, int columns, int pictures, double& expansion) const {
    const auto of = [](Index n) { return static_cast<int>(n); };
    ExpandDepthwisePlan p;
    p.rows = rows;
    p.columns = columns;
    p.pictures = pictures;
    p.tiles_down = divide_up(of(s_.out_height), rows);
    p.tiles_across = divide_up(of(s_.out_width), columns);
    p.picture_groups = divide_up(of(s_.batch), pictures);
    p.in_rows = (rows + open_rows() - 1) * s_.stride;
    p.in_columns = (columns - 1) * s_.stride + s_.kernel;
    // Segments warm up on rows of their own.
    for (int segments = 1, fewest = 0; segments <= std::min(rows, 8); ++segments) {
      const int segment_rows = divide_up(rows, segments);
      const int steps = divide_up(pictures * divide_up(rows, segment_rows) * columns, groups()) *
                        (segment_rows + open_rows() - 1);
      if (fewest != 0 && steps >= fewest) continue;
      fewest = steps;
      p.segment_rows = segment_rows;
      p.segments = divide_up(rows, segment_rows);
    }
    const Needed down = needed(p.tiles_down, rows, s_.out_height, s_.height, s_.pad_top);
    const Needed across = needed(p.tiles_across, columns, s_.out_width, s_.width, s_.pad_left);
    p.pixels = divide_up(of(pictures * down.most * across.most), 16) * 16;
    expansion =
        static_cast<double>(down.together * across.together) / static_cast<double>(s_.height * s_.width);
    if (in_channels_ > 0) {
      const int pieces = divide_up(in_channels_ * of(static_cast<Index>(bytes_of(storage_))), 16);
      // The products take 16 bfloat16 at a time; an odd number keeps eight rows in different banks.
      p.row_pieces = (storage_ == Storage::kFloat ? pieces : divide_up(pieces, 2) * 2) | 1;
    }
    p.chunks = divide_up(of(s_.channels), kChunk);
    const int tiles = p.picture_groups * p.tiles();
    const int shares = in_channels_ > 0 ? std::clamp(divide_up(kTargetBlocks, tiles), 1, p.chunks) : p.chunks;
    p.chunks_a_block = divide_up(p.chunks, shares);
    p.blocks_across = divide_up(p.chunks, p.chunks_a_block);
    return p;
  }

  // Counts of the kernel's inner loops, an instruction a warp.
  void weigh(Candidate& candidate) const {
    const ExpandDepthwisePlan& p = candidate.plan;
    const double kernel = s_.kernel, channels = forward_channels(s_.kernel);
    const double a_pixel = in_channels_ > 0 ? 8 + in_channels_ / 32.0 : 5;
    const double expand = p.pixels * a_pixel;
    const double rounds = divide_up(p.tasks(), groups()), steps = p.segment_rows + open_rows() - 1;
    const double convolve = 8 * rounds * steps * channels * (kernel * (kernel + 1.5 * s_.stride) + 10);
    const double a_chunk = 2000;  // its barriers and its weights
    const double begin = p.pixels * p.row_pieces / 8.0 + 2000;
    const double waves = divide_up(p.blocks(), kBlocksAtOnce);
    candidate.cost = waves * (begin + p.chunks_a_block * (expand + convolve + a_chunk));
  }

  const DepthwiseShape& s_;
  int in_channels_;
  Storage storage_;
};

}  // namespace

bool expands_in_place(const DepthwiseShape& shape, Index in_channels, Storage storage) {
  return Cutter(shape, in_channels, storage).best().has_value();
}

ExpandDepthwisePlan plan_expand_depthwise(const DepthwiseShape& shape, Index in_channels, Storage storage) {
  plan_forward(shape);  // refuses other shapes
  if (in_channels % 8 != 0)
    throw std::invalid_argument("CUDA expand_depthwise: " + std::to_string(in_channels) +
                                " channels, not a multiple of 8");
  const std::optional<Candidate> best = Cutter(shape, in_channels, storage).best();
  if (!best)
    throw std::invalid_argument("CUDA expand_depthwise: no tile of " + std::to_string(in_channels) +
                                " channels fits into shared memory");
  return best->plan;
}

ExpandDepthwiseMemory memory_of(const ExpandDepthwisePlan& p, int kernel, Storage storage) {
  const int size = static_cast<int>(bytes_of(storage)), row_bytes = 16 * p.row_pieces;
  ExpandDepthwiseMemory m;
  m.expanded = m.x + p.pixels * row_bytes;
  m.places = m.expanded + p.cells() * kChunk * size;
  m.task_sums = m.places + p.pixels * 4;
  m.of_chunk = m.task_sums + p.tasks() * kChunk * 4;
  m.chunk_bytes = kChunk * (row_bytes + 4 * (kernel * kernel + 4));
  m.bytes = m.of_chunk + 2 * m.chunk_bytes;
  return m;
}

}  // namespace effnet::cuda
