// How the rows of a map are cut for the products: into tasks, by the number of rows and pictures alone; within a task
// into groups of pictures small enough to be worked on in the cache, or, where one picture is too large, into tiles of
// its rows.
#pragma once

#include <algorithm>

#include "cpu/parallel_for.h"

namespace effnet::cpu {

struct PictureTasks {
  Index tasks = 1;
  Index pictures = 1;
  Index rows = 1;  // a picture

  // A power of two of at most 32 tasks, each with some rows to do. Where every task has a weight gradient of its own, of
  // `weights` floats, there are fewer of them, the larger it is: they must all be cleared, summed and kept.
  PictureTasks(Index batch, Index rows_a_picture, Index weights = 0) : pictures(batch), rows(rows_a_picture) {
    constexpr Index kFewestRows = 96, kMostWeights = 1 << 18, kFewestTasks = 4;
    const Index most = weights > 0 ? 16 : 32;
    const auto worth = [&](Index count) {
      return count <= std::min(most, batch) && batch * rows_a_picture >= count * kFewestRows &&
             (count <= kFewestTasks || count * weights <= kMostWeights);
    };
    while (worth(2 * tasks)) tasks *= 2;
  }

  Range of(Index task) const { return part_of(pictures, task, tasks); }
};

// Pieces of `range` of at most `most`: work(piece).
template <class Work>
void each_piece_of(Range range, Index most, Work&& work) {
  const Index pieces = (range.size() + most - 1) / most;
  for (Index i = 0; i < pieces; ++i) {
    const Range part = part_of(range.size(), i, pieces);
    work(Range{range.first + part.first, range.first + part.last});
  }
}

// Rows of `channels` floats that fill about a quarter of a second level cache of 1 MB.
inline Index rows_a_tile(Index channels) {
  return std::clamp<Index>(65'536 / std::max<Index>(channels, 1), 32, 512);
}

}  // namespace effnet::cpu
