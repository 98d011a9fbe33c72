// From a folder on the disk to a training and a test part, whatever the format.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace effnet::data {

struct DataSource {
  std::filesystem::path data_dir;  // may be empty for fashion-mnist: where Debian's package puts it
  std::string dataset = "auto";    // auto, idx, fashion-mnist, mnist, cifar-10, cifar-100, folder
};

struct OpenedDataset {
  std::string name;         // the format or, where known, the set: one of DataSource's words but auto
  std::string fingerprint;  // 16 hex digits; equal for equal files (contents; names and sizes for folders)
  std::shared_ptr<const Dataset> train, test;
  std::vector<double> mean, stddev;  // of the training part, per channel, pixels scaled to 0..1
};

// Error{kUsage} for an unknown word, Error{kBadData} for missing or broken files; the advice says what to do.
OpenedDataset open_dataset(const DataSource& source);

}  // namespace effnet::data
