#include "data/cifar.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;

int class_count(CifarKind kind) {
  return kind == CifarKind::kCifar10 ? 10 : 100;
}
std::string_view name_of(CifarKind kind) {
  return kind == CifarKind::kCifar10 ? "CIFAR-10" : "CIFAR-100";
}

spec::Error bad(const fs::path& file, std::string_view message, std::string_view advice) {
  return {spec::ErrorKind::kBadData, file.string(), message, advice};
}

std::vector<fs::path> files_beginning(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool binary = name.ends_with(".bin") || name.ends_with(".bin.xz");
    if (name.starts_with(prefix) && binary && entry.is_regular_file(ignored)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> largest_of(const std::vector<fs::path>& files) {
  if (files.empty()) return {};
  std::error_code ignored;
  return {*std::max_element(files.begin(), files.end(), [&](const fs::path& a, const fs::path& b) {
    return fs::file_size(a, ignored) < fs::file_size(b, ignored);
  })};
}

std::vector<std::string> read_class_names(const fs::path& file, CifarKind kind) {
  std::vector<std::string> names;
  if (file.empty()) {
    for (int i = 0; i < class_count(kind); ++i) names.push_back(std::to_string(i));
    return names;
  }
  std::istringstream lines(spec::read_file(file));
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (static_cast<int>(names.size()) != class_count(kind)) {
    throw bad(file,
              fmt::format("lists {} classes; {} has {}", names.size(), name_of(kind), class_count(kind)),
              "One class name a line; without the file the classes are numbered.");
  }
  return names;
}

std::shared_ptr<const Dataset> open_part(const std::vector<fs::path>& files, CifarKind kind,
                                         const std::vector<std::string>& class_names,
                                         Fingerprint& fingerprint) {
  CifarPart part;
  for (const fs::path& file : files) {
    Bytes packed = read_bytes(file);
    fingerprint.add(file.filename().string());
    fingerprint.add(packed);
    parse_cifar(unpack(std::move(packed), file), kind, file, part);
  }
  return std::make_shared<MemoryDataset>(std::move(part.block), std::move(part.labels), class_names);
}

}  // namespace

void parse_cifar(const Bytes& bytes, CifarKind kind, const fs::path& file, CifarPart& part) {
  const std::size_t label_bytes = kind == CifarKind::kCifar10 ? 1 : 2, record = label_bytes + 3 * kPlane;
  if (bytes.empty() || bytes.size() % record != 0) {
    throw bad(file,
              fmt::format("holds {} bytes; {} needs a multiple of {}", bytes.size(), name_of(kind), record),
              "The file is cut short or of another kind; expected is CIFAR's binary version (not python or "
              "matlab).");
  }
  const std::size_t count = bytes.size() / record;
  part.block.channels = 3;
  part.block.height = part.block.width = kSide;
  part.block.pixels.resize(part.block.pixels.size() + count * 3 * kPlane);
  std::uint8_t* out = part.block.pixels.data() + part.block.pixels.size() - count * 3 * kPlane;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* in = &bytes[i * record];
    const int label = in[label_bytes - 1];
    if (label >= class_count(kind)) {
      throw bad(file,
                fmt::format("label {} at byte {} is out of range 0..{}", label, i * record + label_bytes - 1,
                            class_count(kind) - 1),
                "The file is damaged or of another kind than its name says.");
    }
    part.labels.push_back(label);
    in += label_bytes;
    for (std::size_t pixel = 0; pixel < kPlane; ++pixel, out += 3) {
      for (std::size_t plane = 0; plane < 3; ++plane) out[plane] = in[plane * kPlane + pixel];
    }
  }
}

std::optional<CifarFiles> find_cifar_files(const fs::path& folder, std::optional<CifarKind> kind) {
  CifarFiles files;
  files.train = files_beginning(folder, "data_batch");
  const bool batches = !files.train.empty();
  if (!batches) files.train = largest_of(files_beginning(folder, "train"));
  if (files.train.empty()) return std::nullopt;
  files.test = largest_of(files_beginning(folder, "test"));
  if (files.test.empty()) {
    throw bad(
        folder, fmt::format("has {} but no test*.bin", files.train.front().filename().string()),
        "A CIFAR folder holds data_batch_*.bin and test_batch.bin, or train.bin and test.bin (.xz too).");
  }
  std::error_code ignored;
  const fs::path ten = folder / "batches.meta.txt", hundred = folder / "fine_label_names.txt";
  const bool has_ten = fs::exists(ten, ignored), has_hundred = fs::exists(hundred, ignored);
  const std::string first = files.train.front().filename().string();
  const bool looks_like_hundred = has_hundred || (!has_ten && !batches && first.starts_with("train.bin"));
  files.kind = kind.value_or(looks_like_hundred ? CifarKind::kCifar100 : CifarKind::kCifar10);
  if (files.kind == CifarKind::kCifar10 && has_ten) files.class_names = ten;
  if (files.kind == CifarKind::kCifar100 && has_hundred) files.class_names = hundred;
  return files;
}

DatasetParts open_cifar(const CifarFiles& files, Fingerprint& fingerprint) {
  const std::vector<std::string> names = read_class_names(files.class_names, files.kind);
  DatasetParts parts;
  parts.train = open_part(files.train, files.kind, names, fingerprint);
  parts.test = open_part(files.test, files.kind, names, fingerprint);
  return parts;
}

}  // namespace effnet::data
