#include "apps/effnet/stored_studies.h"

#include <fmt/format.h>

#include <filesystem>

#include "spec/error.h"
#include "store/postgres_location.h"

namespace effnet::apps {

std::string trial_store_of(const std::string& where) {
  if (store::is_postgres_url(where)) return where;
  const std::filesystem::path study = where;
  for (const std::filesystem::path& file : {study / "trials.db", study / "search" / "trials.db"}) {
    if (std::filesystem::is_regular_file(file)) return file.string();
  }
  if (std::filesystem::is_regular_file(study)) return where;
  throw spec::Error(spec::ErrorKind::kUsage, where, "holds no trials",
                    "name the output folder of 'effnet search', 'fit' or 'auto', or a trial store "
                    "(trials.db, postgresql://...)");
}

std::vector<report::StudyTrials> read_studies(const store::TrialStore& store, const std::string& name) {
  std::vector<store::StudyRecord> records;
  if (name.empty())
    records = store.studies();
  else
    records.push_back(store.study(name));
  if (records.empty()) throw spec::Error(spec::ErrorKind::kBadData, "trial store", "holds no study yet");
  std::vector<report::StudyTrials> studies;
  for (const store::StudyRecord& record : records) {
    search::StudyConfig config = search::config_from_record(record);
    std::vector<search::TrialResult> trials = search::read_results(store, config);
    studies.push_back({std::move(config), std::move(trials)});
  }
  return studies;
}

}  // namespace effnet::apps
