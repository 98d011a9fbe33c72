// The binary version of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of 1 label byte (CIFAR-100: coarse,
// then fine) and 3072 pixel bytes, planes R, G, B of 32 x 32, row-major. Plain or xz.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/file_bytes.h"
#include "data/memory_dataset.h"

namespace effnet::data {

enum class CifarKind { kCifar10, kCifar100 };  // 10 classes, 3073-byte records; 100 fine classes, 3074

struct CifarPart {
  PixelBlock block;  // (N, 32, 32, 3)
  std::vector<int> labels;
};

// One whole, unpacked file, appended to `part`. Error{kBadData} for a length that is no multiple of the
// record's, an empty file or a label out of range.
void parse_cifar(const Bytes& bytes, CifarKind kind, const std::filesystem::path& file, CifarPart& part);

struct CifarFiles {
  CifarKind kind = CifarKind::kCifar10;
  std::vector<std::filesystem::path> train, test;
  std::filesystem::path class_names;  // may be empty
};

// Training: all data_batch_*, or else the largest train*; test: the largest test*; ending .bin or .bin.xz.
// Subsets of each other lie side by side under such names, so they are not joined. Nothing if there is no
// training file; Error{kBadData} if there is one but no test file. The kind is `kind`, or else told by the
// files of class names that the sets come with (batches.meta.txt, fine_label_names.txt) and the names of the
// data files.
std::optional<CifarFiles> find_cifar_files(const std::filesystem::path& folder,
                                           std::optional<CifarKind> kind);

// Adds what it reads to `fingerprint`.
DatasetParts open_cifar(const CifarFiles& files, Fingerprint& fingerprint);

}  // namespace effnet::data
