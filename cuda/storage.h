// How the numbers of a map are stored; everything is computed in float.
#pragma once

#include <cstddef>
#include <cstdint>

struct CUstream_st;  // what the toolkit's cudaStream_t points to

namespace effnet::cuda {

using Stream = CUstream_st*;

enum class Storage { kFloat, kBfloat16 };

// The upper half of a float, rounded to nearest, ties to even.
struct Bfloat16 {
  std::uint16_t bits;
};

constexpr std::size_t bytes_of(Storage storage) {
  return storage == Storage::kFloat ? sizeof(float) : sizeof(Bfloat16);
}

// What a launch must move, each byte once: what the emulator counts is held against it (docs/kernels.md).
struct BytesModel {
  double maps_read = 0, maps_written = 0;  // (N, H, W, C)
  double rest_read = 0, rest_written = 0;  // weights, numbers a channel, parts of sums

  double total() const { return maps_read + maps_written + rest_read + rest_written; }
};

}  // namespace effnet::cuda
