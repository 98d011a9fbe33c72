// The SQLite file behind a TrialStore: what makes it ours, the schema and its history, one lock, SQLite's exceptions as
// ours. Only the .cpp files of store/ include this.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>

#include "store/trial_store.h"

namespace SQLite {
class Database;
}

namespace effnet::store {

struct TrialStore::Database {
  enum class Access { kRead, kWrite };

  Database(const std::filesystem::path& path, Access access);
  ~Database();

  // Runs `work` alone and turns SQLite's exceptions into ours.
  template <class Work>
  auto run(Work&& work) const {
    using Result = std::invoke_result_t<Work>;
    if constexpr (std::is_void_v<Result>) {
      run_alone(work);
    } else {
      std::optional<Result> result;
      run_alone([&] { result.emplace(work()); });
      return std::move(*result);
    }
  }

  std::int64_t study_id(std::string_view name) const;  // kFailed if the study was not opened

  std::filesystem::path file;
  std::unique_ptr<SQLite::Database> sqlite;
  int schema = 0;  // of the file: below kSchema only where it is read and not written

 private:
  void run_alone(const std::function<void()>& work) const;
  void prepare();
  void check_identity();
  void create_tables();
  void migrate();

  mutable std::mutex mutex_;
};

// Seeds use all 64 bits, SQLite's integers are signed.
std::int64_t stored_seed(std::uint64_t seed);
std::uint64_t seed_of(std::int64_t stored);

}  // namespace effnet::store
