// Random numbers that are the same on every machine and with every standard library (std::uniform_* and
// std::shuffle are not): SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) and distributions written out. 64 bits of state:
// cheap enough to start anew for every trial and every picture.
#pragma once

#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

namespace effnet::spec {

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }

  // 0 .. bound-1, without the bias of a plain remainder.
  std::size_t below(std::size_t bound) {
    assert(bound > 0);
    const std::uint64_t rejected = (0 - std::uint64_t{bound}) % bound;  // 2^64 mod bound
    std::uint64_t x = next();
    while (x < rejected) x = next();
    return static_cast<std::size_t>(x % bound);
  }

  // 0 .. count-1 from exactly one number of the stream, count < 2^32: the upper half of a 32 x 32 bit product, whose
  // bias (less than count / 2^32) no picture notices. Every split, shuffle and crop comes from it: another rule here
  // would hold out other pictures than the runs that are on disks.
  std::int64_t index(std::int64_t count) {
    assert(count > 0 && count < std::int64_t{1} << 32);
    return static_cast<std::int64_t>((next() >> 32) * static_cast<std::uint64_t>(count) >> 32);
  }

  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  // Index i with probability weights[i] / sum(weights); weights >= 0, not all zero.
  std::size_t weighted(const std::vector<double>& weights) {
    double sum = 0;
    for (const double weight : weights) sum += weight;
    assert(sum > 0);
    double left = uniform() * sum;
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0) continue;
      last = i;
      if ((left -= weights[i]) < 0) break;
    }
    return last;
  }

  // Fisher and Yates', from the back.
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::int64_t i = static_cast<std::int64_t>(values.size()) - 1; i > 0; --i) {
      std::swap(values[static_cast<std::size_t>(i)], values[static_cast<std::size_t>(index(i + 1))]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace effnet::spec
