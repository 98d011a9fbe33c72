// The queue of a trial store in PostgreSQL: each call is one statement, so that workers cannot interfere.
#include <fmt/format.h>

#include <algorithm>
#include <pqxx/pqxx>

#include "store/postgres_backend.h"

namespace effnet::store {
namespace {

constexpr double kLongestLife = 1e9;  // seconds; beyond that PostgreSQL's intervals end

constexpr const char* kOffer = R"sql(
WITH named AS (SELECT id FROM studies WHERE name = $1),
  put AS (INSERT INTO queue (study, number, trial) SELECT id, $2, $3 FROM named
          ON CONFLICT (study, number) DO UPDATE SET trial = excluded.trial, worker = NULL, outcome = NULL
          WHERE queue.trial <> excluded.trial)
SELECT count(*) FROM named
)sql";

// Rows that others take at this moment are passed over rather than waited for.
constexpr const char* kClaim = R"sql(
WITH free AS (
  SELECT study, number FROM queue
  WHERE outcome IS NULL AND (worker IS NULL OR beat < clock_timestamp() - make_interval(secs => $2))
    AND ($3::text = '' OR study = (SELECT id FROM studies WHERE name = $3))
  ORDER BY study, number LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE queue SET worker = $1, beat = clock_timestamp(), progress = 0 FROM free
WHERE queue.study = free.study AND queue.number = free.number
RETURNING queue.number, queue.trial, (SELECT name FROM studies WHERE id = queue.study)
)sql";

// `UPDATE queue SET {what} WHERE` the part of a claim that must still hold.
std::string still_claimed(std::string_view what, std::string_view outcome = "outcome IS NULL") {
  return fmt::format(
      "UPDATE queue SET {} WHERE study = (SELECT id FROM studies WHERE name = $1) AND number = $2 "
      "AND worker = $3 AND {}",
      what, outcome);
}

}  // namespace

// On the disk, unlike the rest: a study that has outlived the server's crash waits for what it has offered.
void PostgresBackend::offer(std::string_view study, const spec::Trial& trial) {
  connection_.run(Durability::kOnDisk, [&](pqxx::transaction_base& server, Attempt) {
    const pqxx::result named =
        server.exec_params(kOffer, std::string(study), trial.number, spec::trial_json(trial));
    if (named[0][0].as<int>() == 0) fail_not_opened(study);
  });
}

void PostgresBackend::offer_again(std::string_view study, int number) {
  connection_.run(Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) {
    server.exec_params("UPDATE queue SET worker = NULL, outcome = NULL WHERE study = $1 AND number = $2",
                       study_id(server, study), number);
  });
}

std::optional<Claim> PostgresBackend::claim(std::string_view worker, double life, std::string_view study) {
  return connection_.run(
      Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) -> std::optional<Claim> {
        const pqxx::result taken = server.exec_params(
            kClaim, std::string(worker), exact_text(std::clamp(life, 0.0, kLongestLife)), std::string(study));
        if (taken.empty()) return std::nullopt;
        const std::string name = taken[0][2].as<std::string>();
        return Claim{
            name, std::string(worker),
            spec::trial_from_json(taken[0][1].c_str(), fmt::format("{}: queue of '{}'", where(), name))};
      });
}

bool PostgresBackend::beat(const Claim& claim, double progress) {
  return connection_.run(Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) {
    return server
               .exec_params(still_claimed("beat = clock_timestamp(), progress = $4"), claim.study,
                            claim.trial.number, claim.worker, exact_text(progress))
               .affected_rows() == 1;
  });
}

bool PostgresBackend::deliver(const Claim& claim, const spec::Outcome& outcome) {
  return connection_.run(Durability::kQuick, [&](pqxx::transaction_base& server, Attempt attempt) {
    // The first attempt may have arrived, though not its answer.
    const char* wanted = attempt == Attempt::kFirst ? "outcome IS NULL" : "(outcome IS NULL OR outcome = $4)";
    return server
               .exec_params(still_claimed("outcome = $4", wanted), claim.study, claim.trial.number,
                            claim.worker, spec::outcome_json(claim.trial.number, outcome))
               .affected_rows() == 1;
  });
}

void PostgresBackend::give_back(const Claim& claim) {
  connection_.run(Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) {
    server.exec_params(still_claimed("worker = NULL"), claim.study, claim.trial.number, claim.worker);
  });
}

void PostgresBackend::give_back_all(std::string_view study, std::string_view worker_prefix) {
  connection_.run(Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) {
    server.exec_params(
        "UPDATE queue SET worker = NULL WHERE study = $1 AND outcome IS NULL AND starts_with(worker, $2)",
        study_id(server, study), std::string(worker_prefix));
  });
}

std::vector<QueuedTrial> PostgresBackend::queue(std::string_view study) const {
  return connection_.run(Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) {
    const pqxx::result rows = server.exec_params(
        "SELECT number, worker, progress, outcome FROM queue WHERE study = $1 ORDER BY number",
        study_id(server, study));
    std::vector<QueuedTrial> trials;
    for (const auto& row : rows) {
      QueuedTrial trial{.number = row[0].as<int>(),
                        .worker = row[1].is_null() ? "" : row[1].c_str(),
                        .progress = exact_value(row[2].c_str()),
                        .outcome = {}};
      if (!row[3].is_null()) {
        trial.outcome = spec::outcome_from_json(
            row[3].c_str(), trial.number,
            fmt::format("{}: outcome of trial {} in the queue", where(), trial.number));
      }
      trials.push_back(std::move(trial));
    }
    return trials;
  });
}

}  // namespace effnet::store
