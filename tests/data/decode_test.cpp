// Pictures of every kind against what Pillow makes of them (make_pictures.py), and files that are no
// pictures.
#include "data/decode.h"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "data/image_header.h"
#include "spec/error.h"
#include "tests/support/catch.h"

namespace effnet::data {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(EFFNET_SOURCE_DIR) / "tests/data";

struct Golden {
  std::string file;
  int width, height;
  std::vector<int> middles;  // 6 blocks of 16 x 16, R G B
};

std::vector<Golden> read_goldens() {
  std::ifstream table(kFolder / "decoded_by_pillow.csv");
  std::string line;
  std::getline(table, line);
  std::vector<Golden> goldens;
  while (std::getline(table, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    Golden& golden = goldens.emplace_back();
    words >> golden.file >> golden.width >> golden.height;
    for (int value = 0; words >> value;) golden.middles.push_back(value);
  }
  return goldens;
}

Picture decode(const std::string& name) {
  const fs::path file = kFolder / "pictures" / name;
  return decode_picture(read_bytes(file), file);
}

bool refused(const Bytes& bytes, std::string_view because) {
  try {
    decode_picture(bytes, "class/photo.jpg");
  } catch (const spec::Error& error) {
    return error.kind() == spec::ErrorKind::kBadData && error.where() == "class/photo.jpg" &&
           error.message().find(because) != std::string::npos;
  }
  return false;
}

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

TEST_CASE("every kind of picture becomes the RGB that Pillow makes of it") {
  const std::vector<Golden> goldens = read_goldens();
  REQUIRE(goldens.size() == 31);
  for (const Golden& golden : goldens) {
    CAPTURE(golden.file);
    const Picture picture = decode(golden.file);
    CHECK(picture.channels == 3);
    REQUIRE(picture.width == golden.width);
    REQUIRE(picture.height == golden.height);
    const int columns = picture.width / 16;
    for (int i = 0; i < 18; ++i) {
      const int block = i / 3, x = block % columns * 16 + 8, y = block / columns * 16 + 8;
      const int value = picture.pixels[static_cast<std::size_t>((y * picture.width + x) * 3 + i % 3)];
      CAPTURE(block, i % 3, value, golden.middles[i]);
      CHECK(std::abs(value - golden.middles[i]) <= 2);  // two decoders round YCbCr and CMYK their own way
    }
  }
}

TEST_CASE("a text named photo.jpg is refused by name") {
  CHECK(refused(bytes_of("<html><body>404 Not Found</body></html>"), "not a JPEG, PNG, WebP or BMP"));
  CHECK(refused({}, "empty"));
}

TEST_CASE("a picture that claims a billion pixels is refused before anything is decoded") {
  Bytes png = read_bytes(kFolder / "pictures/rgb16.png");
  png[16] = png[20] = 0x7f;  // the checksum of IHDR follows its 13 bytes
  const auto checksum = crc32(0, &png[12], 17);
  for (int i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i));
  CHECK(refused(png, "claims"));

  Bytes bmp = read_bytes(kFolder / "pictures/rgb.bmp");
  bmp[20] = bmp[24] = 0xff;
  CHECK(refused(bmp, "claims"));

  Bytes jpeg = read_bytes(kFolder / "pictures/rgb.jpg");
  const Bytes frame = {0xff, 0xc0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
  REQUIRE(at != jpeg.end());
  std::fill(at + 5, at + 9, std::uint8_t{0xff});
  CHECK(refused(jpeg, "claims"));
}

TEST_CASE("a picture cut short anywhere is an error, never a grey rest") {
  for (const std::string name :
       {"rgb.jpg", "progressive.jpg", "orientation6.jpg", "rgba.png", "rgb.webp", "cmyk.jpg"}) {
    const Bytes whole = read_bytes(kFolder / "pictures" / name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(name, size);
      CHECK_THROWS_AS(
          decode_picture({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, name),
          spec::Error);
    }
  }
}

TEST_CASE("flipped bytes decode to something or are an error") {
  for (const std::string name : {"rgb.jpg", "rgba.png", "rgb.webp", "palette.bmp"}) {
    const Bytes whole = read_bytes(kFolder / "pictures" / name);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      Bytes damaged = whole;
      damaged[i] ^= 0xa5;
      try {
        const Picture picture = decode_picture(damaged, name);
        CHECK(picture.pixels.size() == static_cast<std::size_t>(picture.width) * picture.height * 3);
      } catch (const spec::Error& error) {
        CHECK(error.kind() == spec::ErrorKind::kBadData);
      }
    }
  }
}

TEST_CASE("decoding starts no threads") {
  const auto threads = [] {
    return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
  };
  const auto before = threads();
  decode("orientation6.jpg");
  CHECK(threads() == before);
}

}  // namespace
}  // namespace effnet::data
