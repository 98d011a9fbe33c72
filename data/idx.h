// IDX, the format of MNIST and its kin (yann.lecun.com): two zero bytes, the type (8: unsigned byte), the
// number of dimensions, each dimension as 32 bits big-endian, then the data, last dimension fastest.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/file_bytes.h"
#include "data/memory_dataset.h"

namespace effnet::data {

// Whole, unpacked files; `file` is for messages. Error{kBadData} if the magic, the sizes or the length are
// wrong.
PixelBlock parse_idx_images(Bytes bytes, const std::filesystem::path& file);  // 3 dimensions: N, H, W
std::vector<int> parse_idx_labels(const Bytes& bytes, const std::filesystem::path& file);  // 1 dimension: N

struct IdxFiles {
  std::filesystem::path train_images, train_labels, test_images, test_labels;
};

// {train,t10k}-{images-idx3,labels-idx1}-ubyte, also with a dot for the second dash, also .gz. Nothing if the
// training images are not there; Error{kBadData} if only some of the four are.
std::optional<IdxFiles> find_idx_files(const std::filesystem::path& folder);

// `class_names` empty: "0", "1", ... up to the largest training label. Adds what it reads to `fingerprint`.
DatasetParts open_idx(const IdxFiles& files, std::vector<std::string> class_names, Fingerprint& fingerprint);

}  // namespace effnet::data
