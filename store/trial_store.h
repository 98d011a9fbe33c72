// Trials as they remain: one SQLite file, any number of studies, one row a finished trial, written in its own
// transaction (WAL, synchronous FULL: a row that was recorded survives a kill and a power cut).
//
//   studies (name, seed, config)    config is JSON; a study is opened again only with the same
//   trials  (study, number, seed, arch, choices, cost, budget, repeat, same_as, outcome)
//
// Every function may throw Error: kBadData for a damaged or foreign file, kEnvironment for a full disk,
// missing permissions or a database that another process keeps locked. Rows already recorded are not touched
// by that.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/trial.h"

namespace effnet::store {

struct StudyRecord {
  std::string name;
  std::uint64_t seed = 0;
  std::string config_json;
};

struct TrialRecord {
  spec::Trial trial;
  int repeat = 0;              // how many earlier trials of the study had the same net and budget
  std::optional<int> same_as;  // the trial whose outcome was taken over instead of training again
  spec::Outcome outcome;
};

class TrialStore {
 public:
  static constexpr int kSchema = 1;

  static TrialStore open(const std::filesystem::path& file);           // creates the file if there is none
  static TrialStore open_existing(const std::filesystem::path& file);  // read only; kBadData if there is none

  TrialStore(TrialStore&&) noexcept;
  TrialStore& operator=(TrialStore&&) noexcept;
  ~TrialStore();

  // Creates the study, or checks that the one of this name has the same seed and config: else Error{kUsage}
  // that names the difference.
  void open_study(const StudyRecord& study);
  std::vector<StudyRecord> studies() const;        // in order of creation
  StudyRecord study(std::string_view name) const;  // kUsage with the known names if there is none

  // One finished trial. The study must be open; a number recorded twice is an Error{kFailed}.
  void record(std::string_view study, const TrialRecord& trial);
  std::vector<TrialRecord> trials(std::string_view study) const;  // by number; numbers may be missing

 private:
  struct Database;
  explicit TrialStore(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace effnet::store
