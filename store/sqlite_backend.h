// Trials in a SQLite file: what makes the file ours, the schema and its history, one lock, SQLite's exceptions as ours.
// Write-ahead log; a commit that is to last waits for the disk (synchronous FULL), one of the queue does not (NORMAL).
// Only the .cpp files of store/ include this.
#pragma once

#include <functional>
#include <mutex>
#include <type_traits>

#include "store/trial_backend.h"

namespace SQLite {
class Database;
}

namespace effnet::store {

class SqliteBackend final : public TrialBackend {
 public:
  SqliteBackend(const std::filesystem::path& file, Access access);
  ~SqliteBackend() override;

  std::string where() const override { return file_.string(); }
  void open_study(const StudyRecord& study) override;
  std::vector<StudyRecord> studies() const override;
  void record(std::string_view study, const TrialRecord& trial) override;
  std::vector<TrialRecord> trials(std::string_view study) const override;

  void offer(std::string_view study, const spec::Trial& trial) override;
  void offer_again(std::string_view study, int number) override;
  std::optional<Claim> claim(std::string_view worker, double life, std::string_view study) override;
  bool beat(const Claim& claim, double progress) override;
  bool deliver(const Claim& claim, const spec::Outcome& outcome) override;
  void give_back(const Claim& claim) override;
  void give_back_all(std::string_view study, std::string_view worker_prefix) override;
  std::vector<QueuedTrial> queue(std::string_view study) const override;

 private:
  // Runs `work` alone and turns SQLite's exceptions into ours.
  template <class Work>
  auto run(Durability durability, Work&& work) const {
    using Result = std::invoke_result_t<Work>;
    if constexpr (std::is_void_v<Result>) {
      run_alone(durability, work);
    } else {
      std::optional<Result> result;
      run_alone(durability, [&] { result.emplace(work()); });
      return std::move(*result);
    }
  }
  void run_alone(Durability durability, const std::function<void()>& work) const;
  std::int64_t study_id(std::string_view name) const;  // kFailed if the study was not opened

  void prepare();
  void check_identity();
  void create_tables();
  void migrate();

  std::filesystem::path file_;
  std::unique_ptr<SQLite::Database> sqlite_;
  int schema_ = 0;  // of the file: below kSchema only where it is read and not written
  mutable std::mutex mutex_;
  mutable Durability durability_ = Durability::kOnDisk;  // as the connection is set now
};

}  // namespace effnet::store
