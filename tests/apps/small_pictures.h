// A data set that a tiny net learns in a second: IDX files of grey 12 x 12 pictures in four classes (rows, columns, a
// bright corner, a bright middle) with noise, 240 to train on and 80 to test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "spec/atomic_file.h"

namespace effnet::tests {

inline constexpr const char* kSmallNet =
    "conv_k3_s2_c8 | mb_k3_s1_e2_c8_r1_se0.25 | - | fc4 @1x12 silu divisor=4";

inline std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

inline void write_small_part(const std::filesystem::path& folder, const std::string& part,
                             std::uint32_t count, std::uint32_t random) {
  constexpr unsigned kSize = 12;
  std::string images = big_endian(0x803) + big_endian(count) + big_endian(kSize) + big_endian(kSize);
  std::string labels = big_endian(0x801) + big_endian(count);
  for (std::uint32_t n = 0; n < count; ++n) {
    const unsigned label = n % 4;
    labels += static_cast<char>(label);
    for (unsigned y = 0; y < kSize; ++y) {
      for (unsigned x = 0; x < kSize; ++x) {
        random = random * 1664525u + 1013904223u;
        const bool bright[] = {y % 4 < 2, x % 4 < 2, x < 6 && y < 6, x - 3 < 6 && y - 3 < 6};
        images += static_cast<char>((bright[label] ? 100 : 0) + (random >> 8) % 140);
      }
    }
  }
  spec::write_file_atomically(folder / (part + "-images-idx3-ubyte"), images);
  spec::write_file_atomically(folder / (part + "-labels-idx1-ubyte"), labels);
}

inline std::filesystem::path write_small_pictures(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_small_part(folder, "train", 240, 1);
  write_small_part(folder, "t10k", 80, 2);
  return folder;
}

}  // namespace effnet::tests
