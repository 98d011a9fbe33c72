#include "apps/effnet_train/data_flags.h"

#include <CLI/CLI.hpp>
#include <limits>

namespace effnet::apps {

void add_data_flags(CLI::App& command, DataFlags& flags) {
  command.add_option("--data-dir", flags.data_dir,
                     "folder of the pictures (default: Debian's dataset-fashion-mnist)");
  command
      .add_option("--dataset", flags.dataset,
                  "auto, fashion-mnist, mnist, idx, cifar-10, cifar-100 or folder")
      ->capture_default_str();
  command
      .add_option("--holdout", flags.holdout, "training pictures held out for scores (default: a twelfth)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000}));
  command.add_option("--split-seed", flags.split_seed, "seed of the choice of held-out pictures")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
}

OpenedData open_data(const DataFlags& flags) {
  OpenedData data;
  const bool no_folder = flags.data_dir.empty() && flags.dataset == "auto";
  data.set = data::open_dataset(
      {.data_dir = flags.data_dir, .dataset = no_folder ? "fashion-mnist" : flags.dataset});
  const std::int64_t holdout = flags.holdout >= 0 ? flags.holdout : data.set.train->size() / 12;
  data.split = data::hold_out(*data.set.train, holdout, flags.split_seed);
  return data;
}

training::Preprocessing preprocessing_for(const spec::ArchSpec& arch, const data::OpenedDataset& set) {
  return {.img_size = arch.resolution, .mean = set.mean, .stddev = set.stddev};
}

}  // namespace effnet::apps
