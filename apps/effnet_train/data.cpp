// effnet-train data: what a data set holds and how it would be parted, as one JSON line. `effnet auto` asks this before
// it measures or trains anything.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet_train/commands.h"
#include "apps/effnet_train/data_flags.h"
#include "apps/stop_signal.h"

namespace effnet::apps {
namespace {

void run(const DataFlags& flags) {
  end_with_parent();
  const OpenedData data = open_data(flags);
  const nlohmann::ordered_json json{{"name", data.set.name},
                                    {"fingerprint", data.set.fingerprint},
                                    {"train", data.set.train->size()},
                                    {"holdout", data.split.holdout.size()},
                                    {"test", data.set.test ? data.set.test->size() : 0},
                                    {"classes", data.set.train->classes()},
                                    {"channels", data.set.train->channels()}};
  print_result(json.dump() + "\n");
}

}  // namespace

void add_data(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "data", "What a data set holds: pictures, classes, channels, fingerprint (one JSON line)");
  auto flags = std::make_shared<DataFlags>();
  add_data_flags(*command, *flags);
  command->footer("Example:\n  effnet-train data --data-dir pictures --dataset folder --holdout 500\n");
  command->callback([flags] { run(*flags); });
}

}  // namespace effnet::apps
