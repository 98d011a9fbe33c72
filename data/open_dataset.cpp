#include "data/open_dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/cifar.h"
#include "data/file_bytes.h"
#include "data/idx.h"
#include "data/image_folder.h"
#include "data/statistics.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFashionFolder = "/usr/share/datasets/fashion-mnist";
constexpr std::int64_t kDecodedSample = 2000;  // pictures that mean and stddev of an image folder come from

spec::Error bad(const fs::path& where, std::string_view message, std::string_view advice) {
  return {spec::ErrorKind::kBadData, where.string(), message, advice};
}

std::vector<std::string> fashion_classes() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
}

std::vector<std::string> digit_classes() {
  return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
}

struct Found {
  std::string name;
  DatasetParts parts;
};

Found open_idx_named(const fs::path& folder, const IdxFiles& files, std::string name,
                     Fingerprint& fingerprint) {
  if (name == "auto") {  // nothing inside the files tells the members of the family apart
    const std::string folder_name = fs::absolute(folder / "").parent_path().filename().string();
    name = folder_name == "fashion-mnist" || folder_name == "mnist" ? folder_name : "idx";
  }
  std::vector<std::string> classes;
  if (name == "fashion-mnist") classes = fashion_classes();
  if (name == "mnist") classes = digit_classes();
  return {name, open_idx(files, std::move(classes), fingerprint)};
}

std::optional<CifarKind> cifar_kind(const std::string& word) {
  if (word == "cifar-10") return CifarKind::kCifar10;
  if (word == "cifar-100") return CifarKind::kCifar100;
  return std::nullopt;
}

Found open_cifar_named(const CifarFiles& files, Fingerprint& fingerprint) {
  return {files.kind == CifarKind::kCifar10 ? "cifar-10" : "cifar-100", open_cifar(files, fingerprint)};
}

Found open_word(const fs::path& folder, const std::string& word, Fingerprint& fingerprint) {
  const bool any = word == "auto";
  if (any || word == "idx" || word == "mnist" || word == "fashion-mnist") {
    if (const auto files = find_idx_files(folder)) return open_idx_named(folder, *files, word, fingerprint);
    if (!any)
      throw bad(folder, "has no train-images-idx3-ubyte (or .gz)", "Point --data-dir at the four IDX files.");
  }
  if (any || cifar_kind(word)) {
    if (const auto files = find_cifar_files(folder, cifar_kind(word)))
      return open_cifar_named(*files, fingerprint);
    if (!any) {
      throw bad(folder, "has no data_batch_*.bin or train*.bin (or .xz)",
                "Point --data-dir at the files of CIFAR's binary version.");
    }
  }
  if (any && !is_image_folder(folder)) {
    throw bad(folder, "holds no data set that is known",
              "Expected IDX files (train-images-idx3-ubyte...), CIFAR binary files (data_batch_1.bin...) or "
              "an image "
              "folder (train/CLASS/*.jpg and val/CLASS/*.jpg).");
  }
  return {"folder", open_image_folder(folder, fingerprint)};
}

fs::path folder_of(const DataSource& source) {
  if (source.data_dir.empty() && source.dataset != "fashion-mnist") {
    throw spec::Error(spec::ErrorKind::kUsage, "--data-dir", "is missing",
                      "Give the folder of the data set; only --dataset fashion-mnist has a default.");
  }
  const fs::path folder = source.data_dir.empty() ? fs::path(kFashionFolder) : source.data_dir;
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::is_directory(status)) return folder;
  if (error && status.type() != fs::file_type::not_found)
    throw bad(folder, fmt::format("cannot be reached: {}", error.message()),
              "Check its permissions and those above it.");
  if (source.data_dir.empty()) {
    throw bad(folder, "is not there",
              "Install Fashion-MNIST (sudo apt-get install dataset-fashion-mnist) or give its folder by "
              "--data-dir.");
  }
  throw bad(folder, fs::exists(status) ? "is not a folder" : "is not there",
            "--data-dir is the folder that holds the data set.");
}

}  // namespace

OpenedDataset open_dataset(const DataSource& source) {
  const std::vector<std::string> words = {"auto",     "idx",       "fashion-mnist", "mnist",
                                          "cifar-10", "cifar-100", "folder"};
  if (std::find(words.begin(), words.end(), source.dataset) == words.end()) {
    throw spec::Error(spec::ErrorKind::kUsage, "--dataset", fmt::format("'{}' is not known", source.dataset),
                      spec::did_you_mean(source.dataset, words));
  }
  Fingerprint fingerprint;
  Found found = open_word(folder_of(source), source.dataset, fingerprint);
  PixelStatistics statistics = pixel_statistics(
      *found.parts.train, found.name == "folder" ? kDecodedSample : found.parts.train->size());
  return {.name = std::move(found.name),
          .fingerprint = fingerprint.hex(),
          .train = std::move(found.parts.train),
          .test = std::move(found.parts.test),
          .mean = std::move(statistics.mean),
          .stddev = std::move(statistics.stddev)};
}

}  // namespace effnet::data
