#include "data/exif.h"

#include <algorithm>
#include <span>

namespace effnet::data {
namespace {

// Numbers in either byte order; whatever lies outside the data reads as 0.
class Reader {
 public:
  Reader(std::span<const std::uint8_t> bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}
  std::size_t number(std::size_t at, std::size_t count) const {
    std::size_t value = 0;
    if (at > bytes_.size() || count > bytes_.size() - at) return 0;
    for (std::size_t i = 0; i < count; ++i)
      value = value << 8 | bytes_[at + (big_endian_ ? i : count - 1 - i)];
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool big_endian_;
};

bool is_text(std::span<const std::uint8_t> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin());
}

int tiff_orientation(std::span<const std::uint8_t> tiff) {
  if (is_text(tiff, "Exif")) tiff = tiff.subspan(std::min<std::size_t>(6, tiff.size()));
  if (!is_text(tiff, "II") && !is_text(tiff, "MM")) return 1;
  const Reader reader(tiff, tiff[0] == 'M');
  const std::size_t directory = reader.number(4, 4), entries = reader.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (reader.number(entry, 2) != 0x112) continue;
    const auto orientation = static_cast<int>(reader.number(entry + 8, 2));
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

}  // namespace

int webp_orientation(const Bytes& bytes) {
  const std::span<const std::uint8_t> all(bytes);
  const Reader reader(all, false);
  for (std::size_t at = 12; at + 8 <= all.size();) {
    const std::size_t length = reader.number(at + 4, 4);
    if (length > all.size() - at - 8) return 1;
    if (is_text(all.subspan(at), "EXIF")) return tiff_orientation(all.subspan(at + 8, length));
    at += 8 + length + length % 2;
  }
  return 1;
}

}  // namespace effnet::data
