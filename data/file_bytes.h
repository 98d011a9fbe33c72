// A data file as bytes, unpacked if it is gzip (RFC 1952) or xz.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace effnet::data {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::size_t kLargestFile = std::size_t{2} << 30;  // bytes, packed or unpacked

// Error{kBadData} if the file is missing, unreadable or larger than kLargestFile.
Bytes read_bytes(const std::filesystem::path& file);

// Packed is what begins like gzip or xz or is named so; anything else is returned as it is. Memory grows with
// what really comes out, never with what a header claims. Error{kBadData} for damaged, cut and oversized
// contents.
Bytes unpack(Bytes packed, const std::filesystem::path& file);

// FNV-1a, 64 bits: tells data sets apart; not meant against an adversary.
class Fingerprint {
 public:
  void add(std::string_view text);  // with its length, so that ("ab", "c") is not ("a", "bc")
  void add(const Bytes& bytes);
  std::string hex() const;  // 16 digits

 private:
  void add(const void* data, std::size_t size);
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace effnet::data
