// What a TrialStore is a handle of: the same functions, once for each kind of database (sqlite_backend.h,
// postgres_backend.h). trial_store.h says what they promise. Only the .cpp files of store/ include this.
#pragma once

#include <filesystem>

#include "store/postgres_location.h"
#include "store/trial_store.h"

namespace effnet::store {

class TrialBackend {
 public:
  virtual ~TrialBackend() = default;

  virtual std::string where() const = 0;
  virtual void open_study(const StudyRecord& study) = 0;
  virtual std::vector<StudyRecord> studies() const = 0;
  virtual void record(std::string_view study, const TrialRecord& trial) = 0;
  virtual std::vector<TrialRecord> trials(std::string_view study) const = 0;

  virtual void offer(std::string_view study, const spec::Trial& trial) = 0;
  virtual void offer_again(std::string_view study, int number) = 0;
  virtual std::optional<Claim> claim(std::string_view worker, double life, std::string_view study) = 0;
  virtual bool beat(const Claim& claim, double progress) = 0;
  virtual bool deliver(const Claim& claim, const spec::Outcome& outcome) = 0;
  virtual void give_back(const Claim& claim) = 0;
  virtual void give_back_all(std::string_view study, std::string_view worker_prefix) = 0;
  virtual std::vector<QueuedTrial> queue(std::string_view study) const = 0;
};

enum class Access { kRead, kWrite };  // kWrite creates a store where there is none

// Whether a commit waits for the disk. Studies and records do; the queue does not: what a power cut takes from it costs a
// training and no result. Reads are kQuick, too.
enum class Durability { kQuick, kOnDisk };

std::unique_ptr<TrialBackend> open_sqlite(const std::filesystem::path& file, Access access);
// kEnvironment where the build has no PostgreSQL.
std::unique_ptr<TrialBackend> open_postgres(const PostgresLocation& location, Access access);

// Error{kUsage} naming the difference where a study was started with another seed or configuration.
void check_same_settings(const StudyRecord& stored, const StudyRecord& given, std::string_view where);

// Seeds use all 64 bits, the integers of databases are signed.
std::int64_t stored_seed(std::uint64_t seed);
std::uint64_t seed_of(std::int64_t stored);

// Accuracies at rungs, exact, with blanks between.
std::string rungs_text(const std::vector<double>& rungs);
std::vector<double> rungs_of(const std::string& text);

}  // namespace effnet::store
