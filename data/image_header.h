// What the first bytes of a picture file say, read without decoding anything: so that a text file, a cut one
// or a claimed size of a billion pixels is refused before a codec allocates memory for it.
#pragma once

#include <filesystem>

#include "data/file_bytes.h"

namespace effnet::data {

enum class ImageFormat { kJpeg, kPng, kWebp, kBmp };

inline constexpr std::int64_t kLargestPicture = 178'956'970;  // pixels; Pillow refuses what is twice as large

// Error{kBadData}, naming `file`: another format, more than kLargestPicture pixels, a JPEG without its end
// (libjpeg would fill the rest with grey), or a PNG that is cut or whose checksums do not hold.
ImageFormat check_image_header(const Bytes& bytes, const std::filesystem::path& file);

}  // namespace effnet::data
