#include "apps/effnet/study_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "apps/effnet/claimed_folder.h"
#include "apps/kernel_choice.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {

std::string children_json(const StudyChildren& children, const spec::Recipe& recipe) {
  using Json = nlohmann::ordered_json;
  return Json{{"data", Json::parse(data_json(children.trainer.data))},
              {"recipe", Json::parse(spec::recipe_json(recipe))},
              {"threads", children.trainer.threads},
              {"device", children.trainer.device},
              {"kernels", children.trainer.kernels}}
      .dump();
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
  command
      .add_option("--trial-timeout", children.trial_timeout,
                  "seconds after which a child counts as hung, 0 for never")
      ->capture_default_str();
  add_data_flags(command, children.trainer.data);
  command.add_option("--workers", children.workers, "children side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command.add_option("--threads", children.trainer.threads, "threads a child")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command.add_option("--device", children.trainer.device, "cpu or cuda")->capture_default_str();
  add_kernels_flag(command, children.trainer.kernels);
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
