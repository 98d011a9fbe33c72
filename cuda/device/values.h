// Numbers of a map as they are stored and as floats: a vector of neighbouring channels in one word of 2 to 16 bytes.
#pragma once

#include "cuda/device/machine.h"

namespace effnet::cuda {

template <int kBytes>
struct WordOf;
template <>
struct WordOf<2> {
  using Type = std::uint16_t;
};
template <>
struct WordOf<4> {
  using Type = std::uint32_t;
};
template <>
struct WordOf<8> {
  using Type = uint2;
};
template <>
struct WordOf<16> {
  using Type = uint4;
};

// V numbers stored as T.
template <class T, int V>
using Word = typename WordOf<static_cast<int>(sizeof(T)) * V>::Type;

template <class T, int V>
__device__ __forceinline__ void unpack(const Word<T, V>& word, float (&values)[V]) {
  if constexpr (std::is_same_v<T, float>) {
    std::memcpy(values, &word, sizeof word);
  } else {
    std::uint32_t halves[(V + 1) / 2] = {};
    std::memcpy(halves, &word, sizeof word);
#pragma unroll
    for (int v = 0; v < V; ++v) {
      const std::uint32_t bits = v % 2 == 0 ? halves[v / 2] << 16 : halves[v / 2] & 0xFFFF0000u;
      std::memcpy(&values[v], &bits, 4);
    }
  }
}

template <class T, int V>
__device__ __forceinline__ Word<T, V> pack(const float (&values)[V]) {
  Word<T, V> word;
  if constexpr (std::is_same_v<T, float>) {
    std::memcpy(&word, values, sizeof word);
  } else if constexpr (V == 1) {
    word = bfloat16_bits(values[0]);
  } else {
    std::uint32_t pairs[V / 2];
#pragma unroll
    for (int v = 0; v < V; v += 2) pairs[v / 2] = bfloat16_pair(values[v], values[v + 1]);
    std::memcpy(&word, pairs, sizeof word);
  }
  return word;
}

// V floats from shared memory.
template <int V>
__device__ __forceinline__ void load_shared(const float* at, float (&values)[V]) {
  const auto word = *reinterpret_cast<const Word<float, V>*>(at);
  std::memcpy(values, &word, sizeof word);
}

template <int V>
__device__ __forceinline__ void store_shared(float* at, const float (&values)[V]) {
  Word<float, V> word;
  std::memcpy(&word, values, sizeof word);
  *reinterpret_cast<Word<float, V>*>(at) = word;
}

// V numbers of a channel vector such as scale or mean.
template <int V>
__device__ __forceinline__ void load_channels(const float* at, float (&values)[V]) {
#pragma unroll
  for (int v = 0; v < V; ++v) values[v] = load_global<float>(at + v);
}

}  // namespace effnet::cuda
