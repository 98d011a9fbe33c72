#include "apps/effnet/stored_studies.h"

#include <fmt/format.h>

#include "spec/error.h"

namespace effnet::apps {

std::filesystem::path store_file(const std::string& file_or_folder) {
  const std::filesystem::path path(file_or_folder);
  if (std::filesystem::is_regular_file(path)) return path;
  if (std::filesystem::is_regular_file(path / "trials.db")) return path / "trials.db";
  throw spec::Error(spec::ErrorKind::kBadData, file_or_folder,
                    std::filesystem::is_directory(path) ? "there is no trials.db in this folder"
                                                        : "there is no trial store here",
                    "give the folder that was the --output of a search or a fit, or its trials.db");
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
