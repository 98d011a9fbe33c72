#include "apps/effnet/explained_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "spec/error.h"
#include "store/trial_store.h"

namespace effnet::apps {
namespace {

std::vector<search::TrialResult> results_of(const store::TrialStore& store, std::string_view study) {
  const std::vector<store::StudyRecord> studies = store.studies();
  const auto record =
      std::find_if(studies.begin(), studies.end(), [&](const auto& one) { return one.name == study; });
  return record == studies.end() ? std::vector<search::TrialResult>{}
                                 : search::read_results(store, search::config_from_record(*record));
}

}  // namespace

search::Explanation explained_study(const std::string& trial_store,
                                    const std::function<void(double)>& progress) {
  const store::TrialStore store = store::TrialStore::open_existing(trial_store);
  const search::StudyConfig config = search::config_from_record(store.study("search"));
  const auto details = nlohmann::json::parse(config.details_json);
  if (!details.contains("space")) {
    throw spec::Error(spec::ErrorKind::kBadData, store.where(),
                      "its search does not say in which space it was",
                      "only searches for a baseline can be explained");
  }
  const search::Space space =
      search::Space::parse(details.at("space").get<std::string>(), "the study's space")
          .with_limits(search::limits_of(config.objective));
  return search::explain(space, config,
                         {.search = results_of(store, "search"),
                          .random = results_of(store, "random"),
                          .finalists = results_of(store, "finalists"),
                          .finalists_an_arm = details.value("finalists", 2)},
                         progress);
}

}  // namespace effnet::apps
