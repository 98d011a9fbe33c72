#include "data/image_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/decode.h"
#include "spec/error.h"

namespace effnet::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLayout =
    "Expected layout: ROOT/train/CLASS/*.jpg and ROOT/val/CLASS/*.jpg, the same classes in both (also .jpeg, "
    ".png, "
    ".webp, .bmp).";

spec::Error bad(const fs::path& where, std::string_view message) {
  return {spec::ErrorKind::kBadData, where.string(), message, kLayout};
}

bool hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

bool is_picture(const fs::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  constexpr std::array<std::string_view, 5> kEndings = {".jpg", ".jpeg", ".png", ".webp", ".bmp"};
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

template <class Wanted>
std::vector<fs::path> sorted_entries(const fs::path& folder, Wanted wanted) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!hidden(entry->path()) && wanted(*entry)) found.push_back(entry->path());
  }
  if (error) throw bad(folder, fmt::format("cannot be listed: {}", error.message()));
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> sub_folders(const fs::path& folder) {
  return sorted_entries(folder, [](const fs::directory_entry& entry) {
    std::error_code ignored;
    return entry.is_directory(ignored);
  });
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  return sorted_entries(folder, [](const fs::directory_entry& entry) {
    std::error_code ignored;
    return is_picture(entry.path()) && entry.is_regular_file(ignored);
  });
}

std::vector<std::string> class_names_of(const fs::path& part) {
  std::vector<std::string> names;
  for (const fs::path& folder : sub_folders(part)) names.push_back(folder.filename().string());
  if (names.empty()) throw bad(part, "has no class folders");
  return names;
}

std::shared_ptr<const ImageFolder> open_part(const fs::path& part,
                                             const std::vector<std::string>& class_names,
                                             Fingerprint& fingerprint) {
  std::vector<fs::path> files;
  std::vector<int> labels;
  for (const fs::path& folder : sub_folders(part)) {
    const auto name = std::find(class_names.begin(), class_names.end(), folder.filename().string());
    if (name == class_names.end()) throw bad(folder, "is a class that train/ does not have");
    const std::vector<fs::path> pictures = pictures_in(folder);
    if (pictures.empty()) throw bad(folder, "has no pictures");
    for (const fs::path& file : pictures) {
      std::error_code ignored;
      fingerprint.add(file.lexically_relative(part.parent_path()).generic_string());
      fingerprint.add(std::to_string(fs::file_size(file, ignored)));
      files.push_back(file);
      labels.push_back(static_cast<int>(name - class_names.begin()));
    }
  }
  if (files.empty()) throw bad(part, "has no pictures");
  return std::make_shared<ImageFolder>(std::move(files), std::move(labels), class_names);
}

}  // namespace

ImageFolder::ImageFolder(std::vector<fs::path> files, std::vector<int> labels,
                         std::vector<std::string> class_names)
    : Dataset(std::move(labels), std::move(class_names), 3), files_(std::move(files)) {}

Picture ImageFolder::picture(std::int64_t index) const {
  return decode_picture(read_bytes(file(index)), file(index));
}

bool is_image_folder(const fs::path& root) {
  std::error_code ignored;
  return fs::is_directory(root / "train", ignored) && !sub_folders(root / "train").empty();
}

DatasetParts open_image_folder(const fs::path& root, Fingerprint& fingerprint) {
  std::error_code ignored;
  for (const std::string_view part : {"train", "val"}) {
    if (!fs::is_directory(root / part, ignored)) throw bad(root, fmt::format("has no folder {}/", part));
  }
  const std::vector<std::string> class_names = class_names_of(root / "train");
  DatasetParts parts;
  parts.train = open_part(root / "train", class_names, fingerprint);
  parts.test = open_part(root / "val", class_names, fingerprint);
  return parts;
}

}  // namespace effnet::data
