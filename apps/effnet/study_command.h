// What the commands `search` and `fit` share: both train children as a study, in an output folder that belongs to
// their settings and is gone on with after a stop.
#pragma once

#include <functional>
#include <string>

#include "apps/effnet/trainer_process.h"
#include "spec/recipe.h"
#include "spec/trial.h"
#include "store/run_folder.h"

namespace CLI {
class App;
}

namespace effnet::apps {

// How a study's children are run.
struct StudyChildren {
  TrainerSetup trainer;
  int workers = 2;           // side by side
  double trial_timeout = 0;  // seconds, 0: any
};

// What of them must be the same for a study to be gone on with; one JSON object for identity_json to take over.
std::string children_json(const StudyChildren& children, const spec::Recipe& recipe);

struct StudyFlags {
  std::string recipe_file, output;
  bool json = false;
};

// --pictures, --child-epochs, --seed, --recipe, --trial-timeout, the data flags, --workers, --threads, --device,
// --kernels, --output (`result` is what the folder will hold) and --json.
void add_study_flags(CLI::App& command, StudyChildren& children, spec::Budget& budget, std::uint64_t& seed,
                     StudyFlags& flags, std::string_view result);

spec::Recipe recipe_of(const StudyFlags& flags);  // the file's; the default without one

struct StudyFolder {
  std::string kind;  // "search", "fit"
  std::string output, identity;
  spec::Recipe recipe;
};

// Opens the folder, writes recipe.toml into it and calls `work`. Settings that could not begin leave it empty; a stop
// is told as one that can be gone on from.
void in_study_folder(const StudyFolder& study, const std::function<void(const store::RunFolder&)>& work);

}  // namespace effnet::apps
