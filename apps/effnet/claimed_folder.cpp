#include "apps/effnet/claimed_folder.h"

#include <system_error>

#include "spec/error.h"
#include "store/trial_store.h"

namespace effnet::apps {
namespace {

namespace fs = std::filesystem;

bool holds_trials(const fs::path& file) {
  if (!fs::exists(file)) return false;
  try {
    const store::TrialStore store = store::TrialStore::open_existing(file);
    for (const store::StudyRecord& study : store.studies()) {
      if (!store.trials(study.name).empty()) return true;
    }
    return false;
  } catch (const spec::Error&) {
    return true;  // what cannot be read may be worth something
  }
}

}  // namespace

void release_unused(const store::RunFolder& folder, const fs::path& trials) {
  if (folder.reopened() || holds_trials(trials)) return;
  std::error_code ignored;  // the error that brought us here is the one to report
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.path(), ignored))
    fs::remove_all(entry.path(), ignored);
}

}  // namespace effnet::apps
