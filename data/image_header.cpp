#include "data/image_header.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <optional>

#include "spec/error.h"

namespace effnet::data {
namespace {

spec::Error bad(const std::filesystem::path& file, std::string_view message) {
  return {spec::ErrorKind::kBadData, file.string(), message,
          "Remove the file from the data folder or replace it."};
}

bool has(const Bytes& bytes, std::size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin() + at,
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

std::optional<ImageFormat> format_of(const Bytes& bytes) {
  if (has(bytes, 0, "\xff\xd8\xff")) return ImageFormat::kJpeg;
  if (has(bytes, 0, "\x89PNG\r\n\x1a\n")) return ImageFormat::kPng;
  if (has(bytes, 0, "RIFF") && has(bytes, 8, "WEBP")) return ImageFormat::kWebp;
  if (has(bytes, 0, "BM")) return ImageFormat::kBmp;
  return std::nullopt;
}

std::int64_t big_endian(const Bytes& bytes, std::size_t at, int count) {
  std::int64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

std::int64_t little_endian_int32(const Bytes& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | bytes[at + i];
  return static_cast<std::int32_t>(value);
}

// Walks the segments up to the first scan; the frame header (SOFn) among them holds the size. After it comes
// entropy coded data, where FF D9 can only be the end of the image. Returns pixels; nothing if cut or
// malformed.
std::optional<std::int64_t> jpeg_pixels(const Bytes& bytes) {
  std::int64_t pixels = 0;
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes[at] != 0xff) return std::nullopt;
    const std::uint8_t marker = bytes[at + 1];
    if (marker == 0xff) {  // fill byte
      ++at;
      continue;
    }
    const auto length = static_cast<std::size_t>(big_endian(bytes, at + 2, 2));
    const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (length < 2 || at + 2 + length > bytes.size()) return std::nullopt;
    if (frame && length >= 7) pixels = big_endian(bytes, at + 5, 2) * big_endian(bytes, at + 7, 2);
    at += 2 + length;
    if (marker != 0xda) continue;
    constexpr std::uint8_t kEnd[] = {0xff, 0xd9};
    const auto end =
        std::search(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), kEnd, kEnd + 2);
    if (end == bytes.end()) return std::nullopt;
    return pixels;
  }
  return std::nullopt;
}

// Walks the chunks: length, kind, data, CRC-32 of kind and data. libpng tolerates damage in those that do not
// matter (lower-case kind), and so do we.
std::optional<std::int64_t> png_pixels(const Bytes& bytes) {
  std::int64_t pixels = 0;
  std::size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const auto length = static_cast<std::size_t>(big_endian(bytes, at, 4));
    if (length > bytes.size() - at - 12) return std::nullopt;
    const bool matters = (bytes[at + 4] & 0x20) == 0;
    const auto crc = static_cast<std::int64_t>(crc32(0, &bytes[at + 4], static_cast<uInt>(length + 4)));
    if (matters && crc != big_endian(bytes, at + 8 + length, 4)) return std::nullopt;
    if (has(bytes, at + 4, "IHDR") && length == 13) {
      const std::int64_t width = big_endian(bytes, at + 8, 4), height = big_endian(bytes, at + 12, 4);
      pixels = std::min(width, kLargestPicture + 1) * std::min(height, kLargestPicture + 1);
    }
    if (has(bytes, at + 4, "IEND")) return pixels;
    at += 12 + length;
  }
  return std::nullopt;
}

std::optional<std::int64_t> pixels_of(const Bytes& bytes, ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return jpeg_pixels(bytes);
    case ImageFormat::kPng:
      return png_pixels(bytes);
    case ImageFormat::kBmp:
      if (bytes.size() < 26) return std::nullopt;
      return std::abs(little_endian_int32(bytes, 18) *
                      little_endian_int32(bytes, 22));  // a negative height is top-down
    case ImageFormat::kWebp:
      return 1;  // sides have 14 bits: never too large
  }
  return std::nullopt;
}

}  // namespace

ImageFormat check_image_header(const Bytes& bytes, const std::filesystem::path& file) {
  const std::optional<ImageFormat> format = format_of(bytes);
  if (!format)
    throw bad(file,
              bytes.empty() ? "is empty" : "is not a JPEG, PNG, WebP or BMP picture, whatever its name says");
  const std::optional<std::int64_t> pixels = pixels_of(bytes, *format);
  if (!pixels) throw bad(file, "is cut short or damaged");
  if (*pixels < 1 || *pixels > kLargestPicture) {
    throw bad(file, fmt::format("claims {} pixels; 1..{} are read", *pixels, kLargestPicture));
  }
  return *format;
}

}  // namespace effnet::data
