#include "data/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/error.h"

namespace effnet::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGetAgain = "Get the file again; it should come from an MNIST-like data set.";

spec::Error bad(const fs::path& file, std::string_view message, std::string_view advice = kGetAgain) {
  return {spec::ErrorKind::kBadData, file.string(), message, advice};
}

std::uint64_t big_endian(const std::uint8_t* bytes) {
  return std::uint64_t{bytes[0]} << 24 | std::uint64_t{bytes[1]} << 16 | std::uint64_t{bytes[2]} << 8 |
         bytes[3];
}

// Checks magic, dimensions and length; returns the dimensions. A product of claimed sizes is only ever
// compared.
template <int kDimensions>
std::array<std::uint64_t, kDimensions> check_header(const Bytes& bytes, const fs::path& file) {
  constexpr std::size_t kHeader = 4 + 4 * kDimensions;
  if (bytes.size() < kHeader) throw bad(file, fmt::format("ends inside the {}-byte IDX header", kHeader));
  if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] != kDimensions) {
    throw bad(
        file,
        fmt::format("begins with {:02x}{:02x}{:02x}{:02x}; expected 000008{:02x} (IDX, unsigned bytes, {})",
                    bytes[0], bytes[1], bytes[2], bytes[3], kDimensions,
                    kDimensions == 1 ? "1 dimension" : "3 dimensions"));
  }
  std::array<std::uint64_t, kDimensions> dimensions;
  std::uint64_t expected = 1;
  for (int i = 0; i < kDimensions; ++i) {
    dimensions[i] = big_endian(&bytes[4 + 4 * i]);
    if (dimensions[i] == 0) throw bad(file, fmt::format("dimension {} is 0", i + 1));
    if (expected > kLargestFile / dimensions[i]) {
      throw bad(file, "its header claims more data than a file of this kind can hold");
    }
    expected *= dimensions[i];
  }
  const std::uint64_t actual = bytes.size() - kHeader;
  if (actual != expected) {
    throw bad(file, fmt::format("holds {} bytes after the header, which claims {} ({})", actual, expected,
                                actual < expected ? "cut short" : "trailing bytes"));
  }
  return dimensions;
}

fs::path find_one(const fs::path& folder, std::string_view part, std::string_view kind,
                  std::string_view type) {
  for (const char separator : {'-', '.'}) {
    for (const std::string_view packing : {"", ".gz"}) {
      fs::path file = folder / fmt::format("{}-{}{}{}-ubyte{}", part, kind, separator, type, packing);
      if (std::error_code ignored; fs::is_regular_file(file, ignored)) return file;
    }
  }
  return {};
}

std::vector<std::string> digits(const std::vector<int>& labels) {
  const int largest = *std::max_element(labels.begin(), labels.end());
  std::vector<std::string> names;
  for (int i = 0; i <= largest; ++i) names.push_back(std::to_string(i));
  return names;
}

Bytes read_part(const fs::path& file, Fingerprint& fingerprint) {
  Bytes packed = read_bytes(file);
  fingerprint.add(file.filename().string());
  fingerprint.add(packed);
  return unpack(std::move(packed), file);
}

std::shared_ptr<const Dataset> open_part(const fs::path& images, const fs::path& labels,
                                         std::vector<std::string>& class_names, Fingerprint& fingerprint) {
  PixelBlock block = parse_idx_images(read_part(images, fingerprint), images);
  std::vector<int> classes = parse_idx_labels(read_part(labels, fingerprint), labels);
  const std::size_t pictures =
      (block.pixels.size() - block.offset) / (std::size_t(block.height) * block.width);
  if (pictures != classes.size()) {
    throw bad(labels, fmt::format("has {} labels for the {} pictures of {}", classes.size(), pictures,
                                  images.filename().string()));
  }
  if (class_names.empty()) class_names = digits(classes);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] >= static_cast<int>(class_names.size())) {
      throw bad(labels, fmt::format("label {} of picture {} is out of range 0..{}", classes[i], i,
                                    class_names.size() - 1));
    }
  }
  return std::make_shared<MemoryDataset>(std::move(block), std::move(classes), class_names);
}

}  // namespace

PixelBlock parse_idx_images(Bytes bytes, const fs::path& file) {
  const auto [count, height, width] = check_header<3>(bytes, file);
  constexpr std::uint64_t kLargestSide = 8192;
  if (height > kLargestSide || width > kLargestSide) {
    throw bad(file, fmt::format("claims pictures of {}x{} pixels; at most {} are read", height, width,
                                kLargestSide));
  }
  return {.channels = 1,
          .height = static_cast<int>(height),
          .width = static_cast<int>(width),
          .offset = 16,
          .pixels = std::move(bytes)};
}

std::vector<int> parse_idx_labels(const Bytes& bytes, const fs::path& file) {
  check_header<1>(bytes, file);
  return {bytes.begin() + 8, bytes.end()};
}

std::optional<IdxFiles> find_idx_files(const fs::path& folder) {
  IdxFiles files{.train_images = find_one(folder, "train", "images", "idx3"),
                 .train_labels = find_one(folder, "train", "labels", "idx1"),
                 .test_images = find_one(folder, "t10k", "images", "idx3"),
                 .test_labels = find_one(folder, "t10k", "labels", "idx1")};
  if (files.train_images.empty()) return std::nullopt;
  const std::pair<const fs::path&, std::string_view> others[] = {
      {files.train_labels, "train-labels-idx1-ubyte"},
      {files.test_images, "t10k-images-idx3-ubyte"},
      {files.test_labels, "t10k-labels-idx1-ubyte"}};
  for (const auto& [file, name] : others) {
    if (file.empty()) {
      throw bad(folder,
                fmt::format("has {} but no {} (or .gz)", files.train_images.filename().string(), name),
                "An IDX data set is four files: images and labels of train and t10k.");
    }
  }
  return files;
}

DatasetParts open_idx(const IdxFiles& files, std::vector<std::string> class_names, Fingerprint& fingerprint) {
  DatasetParts parts;
  parts.train = open_part(files.train_images, files.train_labels, class_names, fingerprint);
  parts.test = open_part(files.test_images, files.test_labels, class_names, fingerprint);
  return parts;
}

}  // namespace effnet::data
