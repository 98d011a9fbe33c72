// The queue of a trial store in SQLite: each call is one statement or one transaction, so that processes cannot interfere.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <chrono>

#include "store/sqlite_backend.h"

namespace effnet::store {
namespace {

std::int64_t now_in_milliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

constexpr std::string_view kFree =
    "outcome IS NULL AND (worker IS NULL OR beat < :silent) AND (:study = '' OR study = (SELECT id FROM "
    "studies WHERE "
    "name = :study))";

void bind_free(SQLite::Statement& statement, double life, std::string_view study) {
  statement.bind(":silent", now_in_milliseconds() - static_cast<std::int64_t>(life * 1000));
  statement.bind(":study", std::string(study));
}

// Ends `... WHERE study = :id AND number = :number AND worker = :worker`, the part of a claim that must still hold.
constexpr std::string_view kStillClaimed =
    " WHERE study = (SELECT id FROM studies WHERE name = :study) AND number = :number AND worker = :worker "
    "AND outcome "
    "IS NULL";

void bind_claim(SQLite::Statement& statement, const Claim& claim) {
  statement.bind(":study", claim.study);
  statement.bind(":number", claim.trial.number);
  statement.bind(":worker", claim.worker);
}

}  // namespace

void SqliteBackend::offer(std::string_view study, const spec::Trial& trial) {
  run(Durability::kQuick, [&] {
    SQLite::Statement row(
        *sqlite_,
        "INSERT INTO queue (study, number, trial) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET trial = "
        "excluded.trial, worker = NULL, outcome = NULL WHERE trial != excluded.trial");
    row.bind(1, study_id(study));
    row.bind(2, trial.number);
    row.bind(3, spec::trial_json(trial));
    row.exec();
  });
}

void SqliteBackend::offer_again(std::string_view study, int number) {
  run(Durability::kQuick, [&] {
    SQLite::Statement row(*sqlite_,
                          "UPDATE queue SET worker = NULL, outcome = NULL WHERE study = ? AND number = ?");
    row.bind(1, study_id(study));
    row.bind(2, number);
    row.exec();
  });
}

std::optional<Claim> SqliteBackend::claim(std::string_view worker, double life, std::string_view study) {
  return run(Durability::kQuick, [&]() -> std::optional<Claim> {
    // Looked for first: a worker that waits should not hold up those that write.
    SQLite::Statement any(*sqlite_, fmt::format("SELECT 1 FROM queue WHERE {} LIMIT 1", kFree));
    bind_free(any, life, study);
    if (!any.executeStep()) return std::nullopt;
    any.reset();

    SQLite::Transaction transaction(*sqlite_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement first(
        *sqlite_, fmt::format("SELECT study, number, trial, (SELECT name FROM studies WHERE id = study) FROM "
                              "queue WHERE {} ORDER BY study, number LIMIT 1",
                              kFree));
    bind_free(first, life, study);
    if (!first.executeStep()) return std::nullopt;
    SQLite::Statement take(
        *sqlite_, "UPDATE queue SET worker = ?, beat = ?, progress = 0 WHERE study = ? AND number = ?");
    take.bind(1, std::string(worker));
    take.bind(2, now_in_milliseconds());
    take.bind(3, first.getColumn(0).getInt64());
    take.bind(4, first.getColumn(1).getInt());
    take.exec();
    const std::string name = first.getColumn(3).getString();
    Claim claim{name, std::string(worker),
                spec::trial_from_json(first.getColumn(2).getString(),
                                      fmt::format("{}: queue of '{}'", file_.string(), name))};
    first.reset();
    transaction.commit();
    return claim;
  });
}

bool SqliteBackend::beat(const Claim& claim, double progress) {
  return run(Durability::kQuick, [&] {
    SQLite::Statement row(*sqlite_,
                          fmt::format("UPDATE queue SET beat = :now, progress = :progress{}", kStillClaimed));
    bind_claim(row, claim);
    row.bind(":now", now_in_milliseconds());
    row.bind(":progress", progress);
    return row.exec() == 1;
  });
}

bool SqliteBackend::deliver(const Claim& claim, const spec::Outcome& outcome) {
  return run(Durability::kQuick, [&] {
    SQLite::Statement row(*sqlite_, fmt::format("UPDATE queue SET outcome = :outcome{}", kStillClaimed));
    bind_claim(row, claim);
    row.bind(":outcome", spec::outcome_json(claim.trial.number, outcome));
    return row.exec() == 1;
  });
}

void SqliteBackend::give_back(const Claim& claim) {
  run(Durability::kQuick, [&] {
    SQLite::Statement row(*sqlite_, fmt::format("UPDATE queue SET worker = NULL{}", kStillClaimed));
    bind_claim(row, claim);
    row.exec();
  });
}

void SqliteBackend::give_back_all(std::string_view study, std::string_view worker_prefix) {
  run(Durability::kQuick, [&] {
    SQLite::Statement rows(
        *sqlite_,
        "UPDATE queue SET worker = NULL WHERE study = ?1 AND outcome IS NULL AND substr(worker, 1, "
        "length(?2)) = ?2");
    rows.bind(1, study_id(study));
    rows.bind(2, std::string(worker_prefix));
    rows.exec();
  });
}

std::vector<QueuedTrial> SqliteBackend::queue(std::string_view study) const {
  return run(Durability::kQuick, [&] {
    std::vector<QueuedTrial> trials;
    if (schema_ < 2) return trials;
    SQLite::Statement query(
        *sqlite_, "SELECT number, worker, progress, outcome FROM queue WHERE study = ? ORDER BY number");
    query.bind(1, study_id(study));
    while (query.executeStep()) {
      QueuedTrial trial{.number = query.getColumn(0).getInt(),
                        .worker = query.getColumn(1).getString(),
                        .progress = query.getColumn(2).getDouble(),
                        .outcome = {}};
      if (!query.getColumn(3).isNull()) {
        trial.outcome = spec::outcome_from_json(
            query.getColumn(3).getString(), trial.number,
            fmt::format("{}: outcome of trial {} in the queue", file_.string(), trial.number));
      }
      trials.push_back(std::move(trial));
    }
    return trials;
  });
}

}  // namespace effnet::store
