// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, cheap to start anew for every picture, and, unlike
// the standard library's distributions, the same numbers with every compiler.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace effnet::data {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }  // [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  // 0..count-1, count < 2^32: the upper half of a 32x32 bit product, whose bias (below count / 2^32) is
  // harmless.
  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>((bits() >> 32) * static_cast<std::uint64_t>(count) >> 32);
  }

  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::int64_t i = static_cast<std::int64_t>(values.size()) - 1; i > 0; --i) {
      std::swap(values[static_cast<std::size_t>(i)], values[static_cast<std::size_t>(below(i + 1))]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace effnet::data
