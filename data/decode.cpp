#include "data/decode.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "data/exif.h"
#include "data/image_header.h"
#include "spec/error.h"

namespace effnet::data {
namespace {

// OpenCV's rows are B, G, R. Swapped here and not by cvtColor, which would start threads of its own.
Picture to_rgb(const cv::Mat& bgr) {
  Picture picture{.channels = 3, .height = bgr.rows, .width = bgr.cols};
  picture.pixels.resize(bgr.total() * 3);
  std::uint8_t* out = picture.pixels.data();
  for (int y = 0; y < bgr.rows; ++y) {
    const std::uint8_t* in = bgr.ptr<std::uint8_t>(y);
    for (int x = 0; x < bgr.cols; ++x, in += 3, out += 3) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
    }
  }
  return picture;
}

// EXIF 1..8: where the first row and column of the stored pixels belong.
cv::Mat upright(cv::Mat stored, int orientation) {
  constexpr int kBoth = -1, kTopToBottom = 0, kLeftToRight = 1;
  cv::Mat turned = stored;
  if (orientation >= 5) cv::transpose(stored, turned);
  if (orientation == 2 || orientation == 6) cv::flip(turned, turned, kLeftToRight);
  if (orientation == 3 || orientation == 7) cv::flip(turned, turned, kBoth);
  if (orientation == 4 || orientation == 8) cv::flip(turned, turned, kTopToBottom);
  return turned;
}

}  // namespace

Picture decode_picture(const Bytes& bytes, const std::filesystem::path& file) {
  const ImageFormat format = check_image_header(bytes, file);
  cv::Mat bgr;
  try {
    bgr = cv::imdecode(bytes, cv::IMREAD_COLOR);  // applies the EXIF orientation of JPEG and PNG
    if (format == ImageFormat::kWebp && !bgr.empty()) bgr = upright(bgr, webp_orientation(bytes));
  } catch (const cv::Exception&) {
    bgr.release();
  }
  if (bgr.empty() || bgr.type() != CV_8UC3) {
    throw spec::Error(spec::ErrorKind::kBadData, file.string(), "cannot be decoded; the picture is damaged",
                      "Remove the file from the data folder or replace it.");
  }
  return to_rgb(bgr);
}

}  // namespace effnet::data
