// A picture file as 8-bit RGB, decoded by OpenCV, the way Pillow's exif_transpose and convert("RGB") would
// have it: the EXIF orientation is applied, grey and palette are spread to three channels, CMYK is converted,
// alpha is dropped (the colour under it shows), of 16 bits the upper 8 are kept.
#pragma once

#include <filesystem>

#include "data/dataset.h"
#include "data/file_bytes.h"

namespace effnet::data {

// JPEG, PNG, WebP, BMP, told by contents. Error{kBadData} naming `file` if it is none of them, too large or
// damaged.
Picture decode_picture(const Bytes& bytes, const std::filesystem::path& file);

}  // namespace effnet::data
