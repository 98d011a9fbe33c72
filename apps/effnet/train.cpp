// effnet train: one net by handing over to effnet-train, several side by side in a pool.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/effnet/sibling_program.h"
#include "apps/effnet/trainer_process.h"
#include "apps/effnet/training_pool.h"
#include "apps/net_argument.h"
#include "apps/stop_signal.h"
#include "report/row_table.h"
#include "scaling/cost_model.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "spec/recipe.h"

namespace effnet::apps {
namespace {

namespace fs = std::filesystem;
using spec::Error;
using spec::ErrorKind;

struct Options {
  std::vector<std::string> nets;
  std::string output = "runs/train";
  int jobs = 2;
  bool json = false;
};

// The words that this program does not know, parted into nets and effnet-train's flags with their values.
struct Words {
  std::vector<std::string> nets, flags;
};

// Of effnet-train's flags, those that take no value: switches of the run and of the recipe.
bool is_switch(const std::string& flag) {
  if (flag == "--resume" || flag == "--force" || flag.starts_with("--no-")) return true;
  bool found = false;
  spec::Recipe recipe;
  spec::for_each_field(recipe, [&](std::string name, const char*, const auto& field) {
    std::replace(name.begin(), name.end(), '_', '-');
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, bool>) found = found || flag == "--" + name;
  });
  return found;
}

Words parted(const std::vector<std::string>& words) {
  Words result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("-")) {
      result.nets.push_back(word);
      continue;
    }
    result.flags.push_back(word);
    const bool has_value = word.find('=') == std::string::npos && !is_switch(word);
    if (has_value && i + 1 < words.size()) result.flags.push_back(words[++i]);
  }
  return result;
}

[[noreturn]] void train_one(const Options& options, const std::vector<std::string>& other_flags) {
  std::vector<std::string> arguments{"train", options.nets.front(), "--output", options.output};
  if (options.json) arguments.emplace_back("--json");
  arguments.insert(arguments.end(), other_flags.begin(), other_flags.end());
  hand_over(trainer_program(), std::move(arguments));
}

std::vector<PooledJob> jobs_of(const Options& options, const std::vector<std::string>& other_flags) {
  std::vector<PooledJob> jobs;
  for (const std::string& net : options.nets) {
    const spec::NamedNet resolved = resolve_net(net);
    const bool taken = std::any_of(jobs.begin(), jobs.end(),
                                   [&](const PooledJob& job) { return job.name == resolved.name; });
    if (taken)
      throw Error(ErrorKind::kUsage, net, fmt::format("a second net is called '{}'", resolved.name),
                  "give each net file its own name");
    PooledJob job{.name = resolved.name,
                  .run_folder = fs::path(options.output) / resolved.name,
                  .command = {},
                  .weight = static_cast<double>(scaling::count(resolved.arch).total.macs)};
    job.command.arguments = {trainer_program().string(), "train",      net,   "--output",
                             job.run_folder.string(),    "--progress", "json"};
    job.command.arguments.insert(job.command.arguments.end(), other_flags.begin(), other_flags.end());
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string records_json(const std::vector<spec::RunRecord>& records) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const spec::RunRecord& record : records)
    json.push_back(nlohmann::ordered_json::parse(spec::run_record_json(record)));
  return json.dump(2) + "\n";
}

void train_family(const Options& options, const std::vector<std::string>& other_flags) {
  LiveLine line;
  Progress progress(line, Progress::Weights::kRelative);
  progress.add_phase("train", 1);
  const PoolResult result =
      train_all(jobs_of(options, other_flags), options.jobs, progress, "train", stop_requested());
  if (result.records.empty())
    throw Error(result.failed.front().kind, result.failed.front().name, result.failed.front().reason,
                fmt::format("no net was trained; see the logs in {}", options.output));
  for (const FailedJob& failed : result.failed)
    line.note(fmt::format("{} failed: {}", failed.name, failed.reason));
  const std::string csv = spec::results_csv(result.records);
  spec::write_file_atomically(fs::path(options.output) / "results.csv", csv);
  print_result(options.json ? records_json(result.records)
                            : report::row_table(report::rows_from_records(result.records)).to_text());
  if (!result.failed.empty())
    throw Error(ErrorKind::kFailed, "train",
                fmt::format("{} of {} nets failed", result.failed.size(), options.nets.size()));
}

void run(Options options, const std::vector<std::string>& words) {
  Words given = parted(words);
  options.nets = std::move(given.nets);
  if (options.nets.empty()) {
    throw Error(ErrorKind::kUsage, "train", "NET is required",
                "give published names or net files, for example: effnet train b0 --epochs 5");
  }
  if (options.nets.size() == 1) train_one(options, given.flags);
  train_family(options, given.flags);
}

}  // namespace

void add_train(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "train",
      "Train one net or a family (effnet train NET [NET ...] [flags]); test accuracy, run folders, resume");
  auto options = std::make_shared<Options>();
  command->add_option("--output", options->output, "run folder; with several nets a folder of run folders")
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "nets side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_flag("--json", options->json,
                    "the result as JSON: the record, of several nets a list of records");
  command->allow_extras();
  command->footer(
      "NET is a published name (b0, resnet-18, ...) or a net file; several are trained side by side.\n"
      "All other flags (--data-dir, --dataset, --recipe, --epochs, --batch-size, --lr, --img-size, --seed, "
      "--workers,\n"
      "--threads, --device, --resume, ...) go to effnet-train: see effnet-train train --help.\n"
      "Examples:\n  effnet train b0 --img-size 28 --stem-stride 1 --epochs 5 --output runs/b0\n"
      "  effnet train nets/b0.toml nets/b1.toml nets/b2.toml --recipe recipe.toml --output runs/family\n");
  command->callback([options, command] { run(*options, command->remaining()); });
}

}  // namespace effnet::apps
