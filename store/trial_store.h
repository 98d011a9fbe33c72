// Trials as they remain: any number of studies in one database, one row a finished trial, written in its own transaction: a
// row that was recorded survives a kill and a power cut. The database is a SQLite file, or a schema of a PostgreSQL server
// which several machines share (postgres_location.h, docs/decisions/0015-postgresql-store.md).
//
//   studies (name, seed, config, trials)   config is JSON; a study is opened again only with the same; trials is how
//                                          many it is to have
//   trials  (study, number, seed, arch, choices, cost, budget, repeat, same_as, outcome)
//   queue   (study, number, trial, worker, beat, progress, outcome)   asked and not yet recorded
//
// The queue is how workers of other processes take part: the study offers trials, a worker claims one, gives signs of
// life while it works, and delivers the outcome; the study records it. A claim without a sign of life for as long as
// the claimant says goes to whoever asks next; the clock is the server's, or the machine's whose file it is. A power cut may
// take the last changes of the queue, which costs a training.
//
// Every function may throw Error: kBadData for a damaged or foreign database, kEnvironment for a full disk, missing
// permissions, a database that another process keeps locked, a server that cannot be reached. Rows already recorded are not
// touched by that.
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
  int trials = 0;  // how many it is to have
};

struct TrialRecord {
  spec::Trial trial;
  int repeat = 0;              // how many earlier trials of the study had the same net and budget
  std::optional<int> same_as;  // the trial whose outcome was taken over instead of training again
  spec::Outcome outcome;
  std::string finished;  // when it was recorded, UTC: "2026-11-29T04:05:06Z"; the store writes it
};

// What a worker has taken: it is that worker's until it delivers, gives it back, or is silent for too long.
struct Claim {
  std::string study, worker;
  spec::Trial trial;  // as the evaluator gets it; of the costs macs and params only
};

struct QueuedTrial {
  int number = 0;
  std::string worker;                    // empty: nobody has it
  double progress = 0;                   // 0..1, as the worker said last
  std::optional<spec::Outcome> outcome;  // delivered
};

class TrialBackend;

class TrialStore {
 public:
  static constexpr int kSchema =
      3;  // a store of an earlier one is brought to it when it is opened for writing

  // `location` is the path of a SQLite file (std::filesystem::path converts), or the URL of a store on a PostgreSQL
  // server (postgres_location.h): kUsage where it is not well formed.
  static TrialStore open(const std::string& location);           // creates the store if there is none
  static TrialStore open_existing(const std::string& location);  // read only; kBadData if there is none

  TrialStore(TrialStore&&) noexcept;
  TrialStore& operator=(TrialStore&&) noexcept;
  ~TrialStore();

  std::string where() const;  // the file, or the URL without its password

  // Creates the study, or checks that the one of this name has the same seed and config: else Error{kUsage}
  // that names the difference.
  void open_study(const StudyRecord& study);
  std::vector<StudyRecord> studies() const;        // in order of creation
  StudyRecord study(std::string_view name) const;  // kUsage with the known names if there is none

  // One finished trial, which leaves the queue. The study must be open; a number recorded twice is an Error{kFailed}.
  void record(std::string_view study, const TrialRecord& trial);
  std::vector<TrialRecord> trials(std::string_view study) const;  // by number; numbers may be missing

  // The queue. A trial that is there already stays as it is, unless it was another one.
  void offer(std::string_view study, const spec::Trial& trial);
  void offer_again(std::string_view study, int number);  // what was delivered is dropped
  // The lowest number of the study (of all studies in order of creation where `study` is empty) that nobody has, or
  // whose worker was silent for `life` seconds. Two workers never get the same.
  std::optional<Claim> claim(std::string_view worker, double life, std::string_view study = {});
  bool beat(const Claim& claim, double progress);  // a sign of life; false: the claim is lost
  bool deliver(const Claim& claim,
               const spec::Outcome& outcome);  // false: the claim is lost, the outcome unused
  void give_back(const Claim& claim);
  void give_back_all(std::string_view study, std::string_view worker_prefix);
  std::vector<QueuedTrial> queue(std::string_view study) const;  // by number

 private:
  explicit TrialStore(std::unique_ptr<TrialBackend> backend);
  std::unique_ptr<TrialBackend> backend_;
};

}  // namespace effnet::store
