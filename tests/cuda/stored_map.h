// Numbers in device memory as a map stores them, and the same numbers in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "cuda/storage.h"
#include "tests/support/device_memory.h"

namespace effnet::tests {

// The nearest bfloat16, ties to even: 8 significant bits, exponents from 2^-126, below them multiples of 2^-133.
inline double nearest_bfloat16(double x) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = 0;
  std::frexp(x, &exponent);
  const int unit = std::max(exponent - 8, -133);
  return std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
}

class StoredMap {
 public:
  // Rounds the values to what is stored.
  StoredMap(cuda::Storage storage, const std::vector<double>& values) : StoredMap(storage, values.size()) {
    std::vector<std::byte> bytes(count_ * bytes_of(storage));
    for (std::size_t i = 0; i < count_; ++i) {
      const float value =
          static_cast<float>(storage == cuda::Storage::kFloat ? values[i] : nearest_bfloat16(values[i]));
      std::uint32_t bits;
      std::memcpy(&bits, &value, 4);
      if (storage == cuda::Storage::kBfloat16) bits >>= 16;
      std::memcpy(bytes.data() + i * bytes_of(storage), &bits, bytes_of(storage));
    }
    copy_to_device(buffer_.data(), bytes.data(), bytes.size());
  }
  // Not written yet.
  StoredMap(cuda::Storage storage, std::size_t count)
      : storage_(storage), count_(count), buffer_(count * bytes_of(storage)) {}

  void* data() const { return buffer_.data(); }
  std::vector<std::byte> bytes() const { return buffer_.values(); }
  std::vector<double> values() const {
    const std::vector<std::byte> bytes = buffer_.values();
    std::vector<double> wide(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, bytes.data() + i * bytes_of(storage_), bytes_of(storage_));
      if (storage_ == cuda::Storage::kBfloat16) bits <<= 16;
      float value;
      std::memcpy(&value, &bits, 4);
      wide[i] = static_cast<double>(value);
    }
    return wide;
  }

 private:
  cuda::Storage storage_;
  std::size_t count_;
  DeviceBuffer<std::byte> buffer_;
};

}  // namespace effnet::tests
