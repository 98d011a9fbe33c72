// Random numbers that are the same on every machine and with every standard library (std::uniform_* and
// std::shuffle are not): SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) and distributions written out.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

namespace effnet::search {

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

  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)

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

 private:
  std::uint64_t state_;
};

}  // namespace effnet::search
