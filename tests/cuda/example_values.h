// Numbers of examples on their way between double, float and bytes.
#pragma once

#include <cstddef>
#include <vector>

#include "tests/cuda/depthwise_example.h"

namespace effnet::tests {

inline std::size_t as_size(Index n) {
  return static_cast<std::size_t>(n);
}

// `around` plus or minus up to `spread`.
inline std::vector<float> floats(Index count, double seed, double around, double spread) {
  std::vector<float> values;
  for (const double value : numbers(as_size(count), seed))
    values.push_back(static_cast<float>(around + spread * value));
  return values;
}

inline std::vector<float> narrow(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

inline std::vector<double> wide(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}
inline std::vector<double> wide(const DeviceBuffer<float>& buffer) {
  return wide(buffer.values());
}

template <class T>
void append(std::vector<std::byte>& bytes, const std::vector<T>& values) {
  const auto* from = reinterpret_cast<const std::byte*>(values.data());
  bytes.insert(bytes.end(), from, from + values.size() * sizeof(T));
}

}  // namespace effnet::tests
