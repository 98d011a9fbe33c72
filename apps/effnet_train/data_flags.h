// --data-dir, --dataset, --holdout, --split-seed: which pictures, and how they are parted.
#pragma once

#include <cstdint>

#include "data/open_dataset.h"
#include "data/split.h"
#include "spec/arch_spec.h"
#include "training/evaluation.h"

namespace CLI {
class App;
}

namespace effnet::apps {

struct DataFlags {
  std::string data_dir;
  std::string dataset = "auto";
  std::int64_t holdout = -1;  // -1: a twelfth of the training set
  std::uint64_t split_seed = 1;
};

void add_data_flags(CLI::App& command, DataFlags& flags);

struct OpenedData {
  data::OpenedDataset set;
  data::Split split;  // of the training part
};

OpenedData open_data(const DataFlags& flags);

training::Preprocessing preprocessing_for(const spec::ArchSpec& arch, const data::OpenedDataset& set);

}  // namespace effnet::apps
