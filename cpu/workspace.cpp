#include "cpu/workspace.h"

#include <algorithm>
#include <new>

namespace effnet::cpu {

void Workspace::Piece::grow(Index count) {
  if (count <= size) return;
  data.reset();
  size = 0;
  const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(float) + 63) / 64 * 64;
  data.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
  if (!data) throw std::bad_alloc();
  std::fill_n(data.get(), bytes / sizeof(float), 0.0f);  // vector lanes beyond a row must hold numbers
  size = count;
}

std::size_t Workspace::bytes() const {
  Index count = shared_.size;
  for (const Piece& piece : pieces_) count += piece.size;
  return static_cast<std::size_t>(count) * sizeof(float);
}

void Workspace::reserve(int workers, Index count, Index shared) {
  if (pieces_.size() < static_cast<std::size_t>(workers)) pieces_.resize(static_cast<std::size_t>(workers));
  for (Piece& piece : pieces_) piece.grow(count);
  shared_.grow(shared);
}

}  // namespace effnet::cpu
