// The EXIF orientation of a WebP file, which OpenCV does not read (it does for JPEG and PNG): RIFF chunk
// "EXIF", in it a TIFF header and a directory of 12-byte entries, of which tag 0x112 is wanted.
#pragma once

#include "data/file_bytes.h"

namespace effnet::data {

// 1..8 as EXIF numbers them; 1 (upright) where there is none or it makes no sense.
int webp_orientation(const Bytes& bytes);

}  // namespace effnet::data
