// Tiny data files and data sets, made on the spot.
#pragma once

#include <lzma.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "data/file_bytes.h"
#include "data/memory_dataset.h"
#include "spec/error.h"

namespace effnet::tests {

using data::Bytes;

inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Bytes big_endian(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

inline Bytes counting(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  return bytes;
}

inline Bytes idx_images(std::uint32_t count, std::uint32_t height, std::uint32_t width, const Bytes& pixels) {
  return joined({{0, 0, 8, 3}, big_endian(count), big_endian(height), big_endian(width), pixels});
}

inline Bytes idx_labels(const Bytes& labels) {
  return joined({{0, 0, 8, 1}, big_endian(static_cast<std::uint32_t>(labels.size())), labels});
}

inline Bytes gzipped(const Bytes& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Bytes packed(bytes.size() + 1000);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline Bytes xzipped(const Bytes& bytes) {
  Bytes packed(bytes.size() + 1000);
  std::size_t used = 0;
  lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, nullptr, bytes.data(), bytes.size(), packed.data(), &used,
                          packed.size());
  packed.resize(used);
  return packed;
}

inline void write_bytes(const std::filesystem::path& file, const Bytes& bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// The error that `action` throws; an Error saying "nothing was thrown" if none.
template <class Action>
spec::Error error_of(Action action) {
  try {
    action();
  } catch (const spec::Error& error) {
    return error;
  }
  return {spec::ErrorKind::kFailed, "", "nothing was thrown"};
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Pictures of size x size whose pixels are noise of their index; labels as given.
inline data::MemoryDataset noise_dataset(std::vector<int> labels, int classes, int size, int channels) {
  data::PixelBlock block{.channels = channels, .height = size, .width = size};
  block.pixels.resize(labels.size() * static_cast<std::size_t>(size * size * channels));
  for (std::size_t i = 0; i < block.pixels.size(); ++i) {
    block.pixels[i] = static_cast<std::uint8_t>(i * 2654435761U >> 13);
  }
  std::vector<std::string> names;
  for (int i = 0; i < classes; ++i) names.push_back("class " + std::to_string(i));
  return {std::move(block), std::move(labels), std::move(names)};
}

}  // namespace effnet::tests
