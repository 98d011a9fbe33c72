#include "apps/effnet/made_up_pictures.h"

#include <string>

#include "spec/atomic_file.h"
#include "spec/random_stream.h"

namespace effnet::apps {
namespace {

constexpr int kSide = 28;
constexpr std::int64_t kTestPictures = 100;

std::string big_endian(std::int64_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

void write_part(const std::filesystem::path& folder, const std::string& part, std::int64_t count,
                int classes) {
  constexpr int kImages = 0x803, kLabels = 0x801;  // IDX: bytes in three dimensions, in one
  std::string images = big_endian(kImages) + big_endian(count) + big_endian(kSide) + big_endian(kSide);
  std::string labels = big_endian(kLabels) + big_endian(count);
  images.reserve(images.size() + static_cast<std::size_t>(count * kSide * kSide));
  spec::RandomStream random(static_cast<std::uint64_t>(count));
  for (std::int64_t n = 0; n < count; ++n) {
    const int label = static_cast<int>(n % classes);
    labels += static_cast<char>(label);
    for (int i = 0; i < kSide * kSide; i += 8) {
      const int bright = (i / kSide + label * kSide / classes) % kSide < kSide / 4 ? 120 : 0;
      const std::uint64_t noise = random.next();
      for (int byte = 0; byte < 8; ++byte)
        images += static_cast<char>(bright + static_cast<int>(noise >> 8 * byte & 127));
    }
  }
  spec::write_file_atomically(folder / (part + "-images-idx3-ubyte"), images);
  spec::write_file_atomically(folder / (part + "-labels-idx1-ubyte"), labels);
}

}  // namespace

void write_made_up_pictures(const std::filesystem::path& folder, std::int64_t train, int classes) {
  write_part(folder, "train", train, classes);
  write_part(folder, "t10k", kTestPictures, classes);
}

}  // namespace effnet::apps
