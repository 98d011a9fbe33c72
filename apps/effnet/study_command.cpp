#include "apps/effnet/study_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/claimed_folder.h"
#include "apps/kernel_choice.h"
#include "spec/atomic_file.h"
#include "spec/error.h"
#include "store/postgres_location.h"
#include "store/trial_store.h"

namespace effnet::apps {

void StudyChildren::note_workers(const std::filesystem::path& folder) const {
  if (workers == 0)
    print_note(fmt::format("trains nothing itself: start 'effnet worker {}', as often as you like",
                           store::TrialStore::open(store_in(folder)).where()));
}

std::string children_json(const StudyChildren& children, const spec::Recipe& recipe) {
  using Json = nlohmann::ordered_json;
  return Json{{"data", Json::parse(data_json(children.trainer.data))},
              {"recipe", Json::parse(spec::recipe_json(recipe))},
              {"threads", children.trainer.threads},
              {"device", children.trainer.device},
              {"kernels", children.trainer.kernels}}
      .dump();
}

StudyChildren children_from_json(std::string_view text, std::string_view where) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    StudyChildren children;
    children.trainer.data = data_from_json(json.at("data").dump(), where);
    children.trainer.threads = json.at("threads");
    children.trainer.device = json.at("device");
    children.trainer.kernels = json.at("kernels");
    return children;
  } catch (const nlohmann::json::exception& error) {
    throw spec::Error(spec::ErrorKind::kBadData, where,
                      fmt::format("does not say how its nets are trained: {}", error.what()));
  }
}

void add_timeout_flags(CLI::App& command, StudyChildren& children) {
  command
      .add_option("--trial-timeout", children.trial_timeout,
                  "seconds after which a child counts as hung, 0 for never")
      ->capture_default_str();
  command
      .add_option("--claim-timeout", children.claim_life,
                  "seconds without a sign of life after which the trial of a worker elsewhere is taken over")
      ->capture_default_str();
}

void check_children(const StudyChildren& children) {
  require_between("--trial-timeout", children.trial_timeout, 0, 1e8);
  require_between("--claim-timeout", children.claim_life, 0.5, 1e8);
  if (store::is_postgres_url(children.store)) store::parse_postgres_url(children.store);
}

int lag_of(const StudyFlags& flags, const StudyChildren& children, int least) {
  if (flags.lag) {
    if (*flags.lag < children.workers)
      print_note(fmt::format("note: with --lag {} at most {} of the {} workers can be busy", *flags.lag,
                             *flags.lag, children.workers));
    return *flags.lag;
  }
  if (std::filesystem::exists(std::filesystem::path(flags.output) / "run.json")) {
    const auto config = nlohmann::json::parse(store::read_identity(flags.output).config_json, nullptr, false);
    const auto& settings = config.is_object() && config.contains("search") ? config["search"] : config;
    if (settings.is_object() && settings.contains("lag") && settings["lag"].is_number_integer())
      return settings["lag"].get<int>();
  }
  return std::max(least, children.workers);
}

void add_study_flags(CLI::App& command, StudyChildren& children, spec::Budget& budget, std::uint64_t& seed,
                     StudyFlags& flags, std::string_view result) {
  command.add_option("--pictures", budget.pictures, "training pictures a child sees")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000'000}));
  command.add_option("--child-epochs", budget.epochs, "times it sees them")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  command.add_option("--seed", seed, "seed of the study")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  command.add_option("--recipe", flags.recipe_file, "recipe file for the children (TOML)");
  add_data_flags(command, children.trainer.data);
  command
      .add_option("--workers", children.workers,
                  "children side by side; 0 leaves all of them to 'effnet worker'")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command
      .add_option("--lag", flags.lag,
                  "how many trials may be under way at once; it decides what each may learn from. Default: "
                  "--workers, at least 2")
      ->check(CLI::Range(1, 1024));
  command.add_option("--threads", children.trainer.threads, "threads a child")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command.add_option("--device", children.trainer.device, "cpu or cuda")->capture_default_str();
  add_kernels_flag(command, children.trainer.kernels);
  command.add_option(
      "--store", children.store,
      "where the trials are kept, for workers elsewhere (default: trials.db in the output folder)");
  add_timeout_flags(command, children);
  command.add_option("--output", flags.output, fmt::format("run folder: trial store, logs, {}", result))
      ->capture_default_str();
  command.add_flag("--json", flags.json, "the result as JSON");
}

spec::Recipe recipe_of(const StudyFlags& flags) {
  if (flags.recipe_file.empty()) return {};
  return spec::read_recipe(std::filesystem::path(flags.recipe_file));
}

void in_study_folder(const StudyFolder& study, const std::function<void(const store::RunFolder&)>& work) {
  const store::RunFolder folder = store::RunFolder::open(study.output, study.kind, study.identity);
  try {
    spec::write_file_atomically(folder / "recipe.toml", spec::recipe_toml(study.recipe));
    work(folder);
  } catch (const spec::Error& error) {
    if (error.kind() != spec::ErrorKind::kStopped) {
      release_unused(folder, folder / "trials.db");
      throw;
    }
    throw spec::Error(error.kind(), study.kind, "stopped; the finished nets are kept",
                      "run the same command again to go on");
  }
}

}  // namespace effnet::apps
