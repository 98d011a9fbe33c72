// Memory that the kernels work in, kept from call to call: one piece a worker for what stays in its cache, one shared
// piece for what tasks leave for each other. Aligned to 64 bytes; a piece grows to the largest request and is never
// shrunk. Contents do not survive the next request of the same piece.
#pragma once

#include <cstdlib>
#include <memory>
#include <vector>

#include "cpu/kernel_table.h"

namespace effnet::cpu {

class Workspace {
 public:
  // Room for `count` floats for each of `workers`, and `shared` floats for all; std::bad_alloc when there is none.
  void reserve(int workers, Index count, Index shared);

  std::size_t bytes() const;  // all that it holds

  float* of_worker(int worker) { return pieces_[static_cast<std::size_t>(worker)].data.get(); }
  float* shared() { return shared_.data.get(); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  struct Piece {
    std::unique_ptr<float, Free> data;
    Index size = 0;
    void grow(Index count);
  };

  std::vector<Piece> pieces_;
  Piece shared_;
};

// Hands out parts of one piece, each on a cache line of its own. Without a piece it counts: the function that lays out what
// a sweep works in says so how much that is (room_of).
class Carver {
 public:
  Carver() = default;
  explicit Carver(float* base) : base_(base) {}

  float* take(Index count) {
    float* taken = base_ ? base_ + used_ : nullptr;
    used_ += size_of(count);
    return taken;
  }

  Index used() const { return used_; }

  // As take(), for values of another type that are no larger than floats.
  template <class T>
  T* take_of(Index count) {
    return reinterpret_cast<T*>(take(floats_for<T>(count)));
  }
  template <class T>
  static Index floats_for(Index count) {
    static_assert(sizeof(float) % sizeof(T) == 0);
    constexpr Index kEach = sizeof(float) / sizeof(T);
    return (count + kEach - 1) / kEach;
  }
  template <class T>
  static Index size_for(Index count) {
    return size_of(floats_for<T>(count));
  }

  // What take(count) uses up: whole lines, and one more that a vector load may touch.
  static Index size_of(Index count) { return (count + 31) / 16 * 16; }

 private:
  float* base_ = nullptr;
  Index used_ = 0;
};

// The floats that lay_out(carver) takes.
template <class LayOut>
Index room_of(LayOut&& lay_out) {
  Carver counter;
  lay_out(counter);
  return counter.used();
}

}  // namespace effnet::cpu
