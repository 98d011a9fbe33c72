// effnet-train train NET: one net, from pictures to its record in a run folder.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <limits>
#include <map>
#include <memory>

#include "apps/command_line.h"
#include "apps/effnet_train/commands.h"
#include "apps/effnet_train/compute_flags.h"
#include "apps/effnet_train/data_flags.h"
#include "apps/effnet_train/recipe_flags.h"
#include "apps/effnet_train/training_run.h"
#include "apps/net_argument.h"
#include "apps/stop_signal.h"
#include "scaling/cost_model.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using spec::Error;
using spec::ErrorKind;

struct Options {
  std::string net, arch;
  NetChanges changes;
  DataFlags data;
  RecipeFlags recipe;
  ComputeFlags compute;
  TrainingRun run;
  bool json = false;
};

spec::NamedNet net_of(const Options& options) {
  if (options.net.empty() == options.arch.empty())
    throw Error(ErrorKind::kUsage, "train", "one net is needed", "give NET or --arch TEXT");
  return options.arch.empty() ? resolve_net(options.net)
                              : spec::NamedNet{"net", spec::parse_arch(options.arch, "--arch")};
}

// The command line as it was typed, from the kernel, to print how to go on.
std::string typed_command() {
  std::string typed = spec::read_file("/proc/self/cmdline"), text;
  std::size_t start = 0;
  while (start < typed.size()) {
    const std::size_t end = typed.find('\0', start);
    std::string word = typed.substr(start, end - start);
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%") !=
            std::string::npos ||
        word.empty()) {
      std::string quoted = "'";
      for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
      word = quoted + "'";
    }
    text += (text.empty() ? "" : " ") + word;
    if (end == std::string::npos) break;
    start = end + 1;
  }
  return text;
}

std::string result_text(const spec::RunRecord& record, const std::string& output) {
  std::string text = fmt::format("{}: test top-1 {:.2f} %, top-5 {:.2f} % of {} pictures\n", record.name,
                                 record.top1, record.top5, record.test_pictures);
  text += fmt::format("{} parameters, {} MACs, {:.0f} s of training, run {} in {}\n", record.cost.params,
                      record.cost.macs, record.seconds, record.run, output);
  for (std::size_t i = 0; i < record.class_accuracy.size() && i < record.class_names.size(); ++i)
    text += fmt::format("  {:<20} {:6.2f} %\n", record.class_names[i], record.class_accuracy[i]);
  return text;
}

// What a published net counts as in a chart; any other net is a member of the user's family.
std::string usual_group(const std::string& name) {
  if (name.starts_with("resnet") || name.starts_with("mobilenet")) return "human-designed";
  return name.starts_with("mnasnet") ? "machine-designed" : "family";
}

void run(Options& options) {
  const std::atomic<bool>& stop = stop_requested();
  if (options.run.progress == ProgressStyle::kJson) end_with_parent();
  const spec::NamedNet net = net_of(options);
  TrainingRun& job = options.run;
  job.arch = changed(net.arch, options.changes);
  if (job.name.empty()) job.name = net.name;
  if (job.group.empty()) job.group = usual_group(net.name);
  if (job.output.empty()) job.output = std::filesystem::path("runs") / job.name;
  job.recipe = recipe_from(options.recipe);
  job.data = options.data;
  job.threads = options.compute.threads;
  job.compute = prepare_compute(options.compute);
  if (scaling::count(job.arch).last_map == 1) {
    print_note(
        "note: the last map is 1 x 1 pixel; the last blocks see no neighbourhood. Try --stem-stride 1 or a "
        "larger --img-size.");
  }
  try {
    const spec::RunRecord record = execute(job, stop);
    if (job.progress == ProgressStyle::kJson) return;
    print_result(options.json ? spec::run_record_json(record) : result_text(record, job.output.string()));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kStopped) throw;
    throw Error(ErrorKind::kStopped, job.output.string(), error.message(), "go on with: " + typed_command());
  }
}

void add_run_flags(CLI::App& command, TrainingRun& run) {
  command.add_option("--output", run.output,
                     "run folder (default: runs/NAME); a run that was stopped goes on there");
  command.add_option("--name", run.name, "the run's name in records and charts (default: the net's)");
  command
      .add_option("--group", run.group,
                  "what the net counts as in a chart (default: by its name, else family)")
      ->check(CLI::IsMember({"family", "baseline", "human-designed", "machine-designed", "random-arm"}));
  command.add_option("--seed", run.seed, "seed of weights, order and augmentation")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  command.add_option("--workers", run.workers, "threads that prepare pictures; change nothing in the result")
      ->capture_default_str()
      ->check(CLI::Range(0, 256));
  command.add_option("--train-pictures", run.train_pictures, "train on so many pictures only (default: all)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000'000}));
  command.add_option("--initial-checkpoint", run.initial_checkpoint,
                     "safetensors file to start the weights from");
  command
      .add_option("--checkpoint-hist", run.checkpoint_hist,
                  "ends of an epoch kept beside the last checkpoint")
      ->capture_default_str()
      ->check(CLI::Range(0, 100000));
  command.add_flag("--force", run.overwrite, "replace another run that is in the output folder");
  const std::map<std::string, ProgressStyle> styles{
      {"auto", ProgressStyle::kAuto}, {"json", ProgressStyle::kJson}, {"none", ProgressStyle::kNone}};
  command
      .add_option("--progress", run.progress,
                  "auto (on stderr), json (a line twice a second on stdout, for a parent program\nwhose end "
                  "ends this one; no other output) or none")
      ->transform(CLI::Transformer(styles));
}

}  // namespace

void add_train(CLI::App& program) {
  CLI::App* command = program.add_subcommand("train", "Train one net and test it once, at the end");
  auto options = std::make_shared<Options>();
  command->add_option("NET", options->net, "published name or net file");
  command->add_option("--arch", options->arch, "net as canonical text, instead of NET");
  add_net_changes(*command, options->changes);
  add_data_flags(*command, options->data);
  add_run_flags(*command, options->run);
  command->add_flag("--resume")
      ->description("go on with the run in the output folder; this is what happens anyway");
  command->add_flag("--json", options->json, "the record as JSON");
  add_compute_flags(*command, options->compute);
  add_recipe_flags(*command, options->recipe);
  command->footer(
      "Examples:\n"
      "  effnet-train train b0 --img-size 28 --stem-stride 1 --in-chans 1 --num-classes 10 --output runs/b0\n"
      "  effnet-train train nets/b1.toml --recipe recipe.toml --epochs 4 --data-dir pictures --seed 7\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
