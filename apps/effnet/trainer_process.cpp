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

std::vector<std::string> with_data(std::vector<std::string> arguments, const DataChoice& data) {
  if (!data.data_dir.empty()) arguments.insert(arguments.end(), {"--data-dir", data.data_dir});
  arguments.insert(arguments.end(), {"--dataset", data.dataset, "--holdout", std::to_string(data.holdout),
                                     "--split-seed", std::to_string(data.split_seed)});
  return arguments;
}

std::vector<std::string> with_setup(std::vector<std::string> arguments, const TrainerSetup& setup) {
  arguments = with_data(std::move(arguments), setup.data);
  arguments.insert(arguments.end(),
                   {"--recipe", setup.recipe_file.string(), "--threads", std::to_string(setup.threads),
                    "--device", setup.device, "--kernels", setup.kernels});
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

DataChoice data_from_json(std::string_view text, std::string_view where) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    return {.data_dir = json.at("data_dir"),
            .dataset = json.at("dataset"),
            .holdout = json.at("holdout"),
            .split_seed = json.at("split_seed")};
  } catch (const nlohmann::json::exception& error) {
    throw spec::Error(spec::ErrorKind::kBadData, where,
                      fmt::format("does not say where the pictures are: {}", error.what()));
  }
}

std::filesystem::path trainer_program() {
  return sibling_program("effnet-train", "the program that trains");
}

search::EvaluatorFactory trainer_evaluators(const TrainerSetup& setup,
                                            const std::filesystem::path& log_folder, double timeout) {
  const std::string program = trainer_program().string();
  return [=](int worker) -> std::unique_ptr<search::Evaluator> {
    search::ProcessEvaluatorConfig config;
    config.command.arguments = with_setup({program, "serve"}, setup);
    config.command.log = log_folder / fmt::format("child-{}.log", worker);
    config.timeout = timeout;
    return std::make_unique<search::ProcessEvaluator>(config);
  };
}

search::ChildCommand train_command(const TrainerSetup& setup, const TrainingJob& job) {
  search::ChildCommand command;
  command.arguments = with_setup(
      {trainer_program().string(), "train", job.net_file.string(), "--output", job.run_folder.string(),
       "--name", job.name, "--group", job.group, "--seed", std::to_string(job.seed), "--progress", "json"},
      setup);
  if (job.pictures > 0) {
    command.arguments.insert(command.arguments.end(), {"--train-pictures", std::to_string(job.pictures)});
  }
  return command;
}

std::vector<Speed> measure_speed(const std::vector<spec::ArchSpec>& nets, int batch_size, double seconds,
                                 const TrainerSetup& setup, int copies) {
  search::ChildCommand command;
  command.arguments = {trainer_program().string(),
                       "measure",
                       "--batch-size",
                       std::to_string(batch_size),
                       "--seconds",
                       fmt::format("{}", seconds),
                       "--threads",
                       std::to_string(setup.threads),
                       "--kernels",
                       setup.kernels};
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

DatasetInfo ask_dataset(const DataChoice& data, LiveLine& line, const std::atomic<bool>& stop) {
  using Clock = search::ChildProcess::Clock;
  search::ChildCommand command;
  command.arguments = with_data({trainer_program().string(), "data"}, data);
  command.stderr_to_stdout = true;
  search::ChildProcess child(command);
  const auto start = Clock::now();
  std::string answer, words;
  while (true) {
    std::string text;
    const auto read = child.read_line(text, Clock::now() + std::chrono::milliseconds(100));
    if (read == search::ChildProcess::ReadResult::kEnd) break;
    if (read == search::ChildProcess::ReadResult::kLine) {
      if (text.starts_with('{'))
        answer = text;
      else
        words += text + "\n";
    }
    if (stop) throw spec::Error(spec::ErrorKind::kStopped, "", "stopped before anything was measured");
    if (Clock::now() - start > std::max<Clock::duration>(std::chrono::seconds(1), line.interval()))
      line.update("opening the data set ...");
  }
  const search::ChildExit exit = child.finish(std::chrono::seconds(5));
  if (exit.code != 0 || exit.signal != 0) {
    const std::string message = last_message(words);
    throw spec::Error(kind_of(exit), "",
                      message.empty() ? "effnet-train data: " + search::to_text(exit) : message);
  }
  return dataset_from_json(answer, "effnet-train data");
}

std::string dataset_json(const DatasetInfo& info) {
  return nlohmann::ordered_json{
      {"name", info.name},          {"fingerprint", info.fingerprint}, {"train", info.train_pictures},
      {"test", info.test_pictures}, {"classes", info.classes},         {"channels", info.channels}}
      .dump();
}

DatasetInfo dataset_from_json(std::string_view text, std::string_view where) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    return {.name = json.at("name"),
            .fingerprint = json.at("fingerprint"),
            .train_pictures = json.at("train"),
            .test_pictures = json.at("test"),
            .classes = json.at("classes"),
            .channels = json.at("channels")};
  } catch (const nlohmann::json::exception& error) {
    throw spec::Error(spec::ErrorKind::kBadData, where,
                      fmt::format("does not describe a data set: {}", error.what()));
  }
}

spec::ErrorKind kind_of(const search::ChildExit& exit) {
  const auto kind = exit.signal == 0 ? spec::kind_of_exit_code(exit.code) : std::nullopt;
  const bool told = kind && *kind != spec::ErrorKind::kStopped;  // nobody but us is to stop it
  return told ? *kind : spec::ErrorKind::kFailed;
}

std::string last_message(std::string_view words) {
  constexpr std::string_view kName = "effnet-train: ";
  constexpr std::size_t kLongest = 200;
  while (words.ends_with('\n')) words.remove_suffix(1);
  const std::size_t start = words.rfind(kName);
  if (start != std::string_view::npos) return std::string(words.substr(start + kName.size()));
  return std::string(words.substr(words.size() - std::min(words.size(), kLongest)));
}

}  // namespace effnet::apps
