// How `effnet` runs its sibling effnet-train: which flags, which log.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/live_line.h"
#include "search/child_process.h"
#include "search/study.h"
#include "spec/error.h"
#include "spec/net_file.h"
#include "spec/recipe.h"

namespace CLI {
class App;
}

namespace effnet::apps {

// Where the pictures are and how they are parted; the same for every child of a run.
struct DataChoice {
  std::string data_dir;
  std::string dataset = "auto";
  std::int64_t holdout = 10'000;  // of the training set, never trained on; scores are made there
  std::uint64_t split_seed = 1;
};

struct TrainerSetup {
  DataChoice data;
  std::filesystem::path recipe_file;
  int threads = 1;  // of each child
  std::string device = "cpu";
  std::string kernels = "auto";  // a word of apps/kernel_choice.h
};

// --data-dir, --dataset, --holdout.
void add_data_flags(CLI::App& command, DataChoice& data);

std::string data_json(const DataChoice& data);  // for records that compare settings
DataChoice data_from_json(std::string_view json, std::string_view where);  // kBadData when it is none

// Children that train one trial after another (effnet-train serve). Their messages go to `log_folder`/child-N.log.
search::EvaluatorFactory trainer_evaluators(const TrainerSetup& setup,
                                            const std::filesystem::path& log_folder, double timeout);

struct TrainingJob {
  std::filesystem::path net_file;
  std::filesystem::path run_folder;
  std::string name, group;
  std::uint64_t seed = 0;
  std::int64_t pictures = 0;  // distinct training pictures; 0: all that are not held out
};
search::ChildCommand train_command(const TrainerSetup& setup, const TrainingJob& job);

// effnet-train measure: pictures a second of training steps of each net, `copies` processes at once, each with the
// set-up's threads and kernels.
struct Speed {
  double pictures_per_second = 0;  // the slowest copy's
};
std::vector<Speed> measure_speed(const std::vector<spec::ArchSpec>& nets, int batch_size, double seconds,
                                 const TrainerSetup& setup, int copies);

// What is really in a data set, both parts counted whole.
struct DatasetInfo {
  std::string name, fingerprint;
  std::int64_t train_pictures = 0, test_pictures = 0;
  int classes = 0, channels = 0;
};

// effnet-train data: opens the data set and parts it. Throws what effnet-train said, with its kind: no such folder, a
// damaged file, more to hold out than there is. kStopped when `stop` was raised; `line` shows a wait of over a second.
DatasetInfo ask_dataset(const DataChoice& data, LiveLine& line, const std::atomic<bool>& stop);

std::string dataset_json(const DatasetInfo& info);
DatasetInfo dataset_from_json(std::string_view json, std::string_view where);  // kBadData when it is none

// Why an effnet-train that has ended failed: the kind of its exit code, and its last message without its name, out of
// all that it wrote to stderr.
spec::ErrorKind kind_of(const search::ChildExit& exit);
std::string last_message(std::string_view words);

// The sibling program; Error{kEnvironment} when it is not there.
std::filesystem::path trainer_program();

}  // namespace effnet::apps
