// One connection to a PostgreSQL server, used by one thread at a time: its settings, its exceptions as ours, and a second
// attempt where it was lost. No message has the password. Only the .cpp files of store/ include this.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>

#include "store/trial_backend.h"

namespace pqxx {
class transaction_base;
}

namespace effnet::store {

// kRepeat: the connection was lost in the first attempt, which may have been committed all the same.
enum class Attempt { kFirst, kRepeat };

class PostgresConnection {
 public:
  PostgresConnection(PostgresLocation location, Access access);  // connects; kEnvironment where that fails
  ~PostgresConnection();

  const PostgresLocation& location() const { return location_; }

  // Runs `work(transaction, attempt)` alone. kOnDisk: in one transaction, committed and on the server's disk when this
  // returns. kQuick: each statement is a transaction of its own, which a crash of the server may take back.
  // Where the connection is lost it is sought again for location().patience, and `work` runs once more.
  template <class Work>
  auto run(Durability durability, Work&& work) const {
    using Result = std::invoke_result_t<Work, pqxx::transaction_base&, Attempt>;
    if constexpr (std::is_void_v<Result>) {
      run_alone(durability, work);
    } else {
      std::optional<Result> result;
      run_alone(durability, [&](pqxx::transaction_base& server, Attempt attempt) {
        result.emplace(work(server, attempt));
      });
      return std::move(*result);
    }
  }

 private:
  struct Session;
  using Work = std::function<void(pqxx::transaction_base&, Attempt)>;
  void run_alone(Durability durability, const Work& work) const;
  std::unique_ptr<Session> connect() const;
  std::unique_ptr<Session> reconnect() const;

  PostgresLocation location_;
  Access access_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Session> session_;  // empty where it was lost
};

}  // namespace effnet::store
