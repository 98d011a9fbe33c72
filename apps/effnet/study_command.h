// What the commands `search` and `fit` share: both train children as a study, in an output folder that belongs to
// their settings and is gone on with after a stop.
#pragma once

#include <functional>
#include <optional>
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
  int workers = 2;           // side by side; 0: all are left to `effnet worker`
  double trial_timeout = 0;  // seconds, 0: any
  double claim_life = 30;    // seconds of silence after which another's trial is taken over
  std::string store;         // path or URL of the trial store; empty: trials.db in the output folder

  // How others may take part, on stderr where nothing is trained without them.
  void note_workers(const std::filesystem::path& folder) const;
  std::string store_in(const std::filesystem::path& folder) const {
    return store.empty() ? (folder / "trials.db").string() : store;
  }
};

// What of them must be the same for a study to be gone on with; one JSON object for identity_json to take over.
std::string children_json(const StudyChildren& children, const spec::Recipe& recipe);
StudyChildren children_from_json(std::string_view json, std::string_view where);  // kBadData when it is none

struct StudyFlags {
  std::string recipe_file, output;
  std::optional<int> lag;
  bool json = false;
};

// --pictures, --child-epochs, --seed, --recipe, the data flags, --output (`result` is what the folder will hold),
// --json, and how the children run: --workers, --lag, --threads, --device, --kernels, --store and the time-outs.
void add_study_flags(CLI::App& command, StudyChildren& children, spec::Budget& budget, std::uint64_t& seed,
                     StudyFlags& flags, std::string_view result);

// --trial-timeout and --claim-timeout, of every command with workers.
void add_timeout_flags(CLI::App& command, StudyChildren& children);
void check_children(const StudyChildren& children);  // kUsage for a time-out out of range, a URL that is none

// --lag; else that of the study which the output folder has, so that it is gone on with by any number of workers; else
// `least`, or as many as there are workers.
int lag_of(const StudyFlags& flags, const StudyChildren& children, int least);

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
