#include "apps/effnet/trainer_process.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/effnet/sibling_program.h"
#include "search/process_evaluator.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

std::vector<std::string> with_data(std::vector<std::string> arguments, const TrainerSetup& setup) {
  const DataChoice& data = setup.data;
  if (!data.data_dir.empty()) arguments.insert(arguments.end(), {"--data-dir", data.data_dir});
  arguments.insert(arguments.end(),
                   {"--dataset", data.dataset, "--holdout", std::to_string(data.holdout), "--split-seed",
                    std::to_string(data.split_seed), "--recipe", setup.recipe_file.string(), "--threads",
                    std::to_string(setup.threads), "--device", setup.device});
  return arguments;
}

}  // namespace

void add_data_flags(CLI::App& command, DataChoice& data) {
  command.add_option("--data-dir", data.data_dir,
                     "folder of the pictures (default: Debian's dataset-fashion-mnist)");
  command.add_option("--dataset", data.dataset, "auto, fashion-mnist, idx, cifar-10, cifar-100 or folder")
      ->capture_default_str();
  command.add_option("--holdout", data.holdout, "training pictures held out for scores")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000}));
}

std::string data_json(const DataChoice& data) {
  return nlohmann::ordered_json{{"data_dir", data.data_dir},
                                {"dataset", data.dataset},
                                {"holdout", data.holdout},
                                {"split_seed", data.split_seed}}
      .dump();
}

std::filesystem::path trainer_program() {
  return sibling_program("effnet-train", "the program that trains");
}

search::EvaluatorFactory trainer_evaluators(const TrainerSetup& setup,
                                            const std::filesystem::path& log_folder, double timeout) {
  const std::string program = trainer_program().string();
  return [=](int worker) -> std::unique_ptr<search::Evaluator> {
    search::ProcessEvaluatorConfig config;
    config.command.arguments = with_data({program, "serve"}, setup);
    config.command.log = log_folder / fmt::format("child-{}.log", worker);
    config.timeout = timeout;
    return std::make_unique<search::ProcessEvaluator>(config);
  };
}

search::ChildCommand train_command(const TrainerSetup& setup, const TrainingJob& job) {
  search::ChildCommand command;
  command.arguments = with_data(
      {trainer_program().string(), "train", job.net_file.string(), "--output", job.run_folder.string(),
       "--name", job.name, "--group", job.group, "--seed", std::to_string(job.seed), "--progress", "json"},
      setup);
  if (job.pictures > 0) {
    command.arguments.insert(command.arguments.end(), {"--train-pictures", std::to_string(job.pictures)});
  }
  return command;
}

std::vector<Speed> measure_speed(const std::vector<spec::ArchSpec>& nets, int batch_size, double seconds,
                                 int threads, int copies) {
  search::ChildCommand command;
  command.arguments = {trainer_program().string(),
                       "measure",
                       "--batch-size",
                       std::to_string(batch_size),
                       "--seconds",
                       fmt::format("{}", seconds),
                       "--threads",
                       std::to_string(threads)};
  for (const spec::ArchSpec& net : nets)
    command.arguments.insert(command.arguments.end(), {"--arch", spec::to_text(net)});
  std::vector<std::unique_ptr<search::ChildProcess>> children;
  for (int i = 0; i < copies; ++i) children.push_back(std::make_unique<search::ChildProcess>(command));
  std::vector<Speed> speeds(nets.size(), Speed{1e30});
  const auto deadline =
      search::ChildProcess::Clock::now() +
      std::chrono::seconds(60 + static_cast<long>(seconds * static_cast<double>(nets.size())));
  for (const auto& child : children) {
    for (Speed& speed : speeds) {
      std::string line;
      if (child->read_line(line, deadline) != search::ChildProcess::ReadResult::kLine) {
        throw spec::Error(spec::ErrorKind::kFailed, "measuring the speed", "effnet-train gave no figure",
                          "run effnet doctor");
      }
      speed.pictures_per_second = std::min(
          speed.pictures_per_second, nlohmann::json::parse(line).at("pictures_per_second").get<double>());
    }
  }
  return speeds;
}

}  // namespace effnet::apps
