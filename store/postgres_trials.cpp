// Studies and finished trials in PostgreSQL.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include "spec/error.h"
#include "store/postgres_backend.h"

namespace effnet::store {
namespace {

using spec::Error;
using spec::ErrorKind;

// A message may hold whatever a child has written; the server takes UTF-8 without zeros.
std::string as_utf8(const std::string& text) {
  using Json = nlohmann::json;
  std::string valid =
      Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
  std::erase(valid, '\0');
  return valid;
}

std::vector<StudyRecord> read_studies(pqxx::transaction_base& server) {
  std::vector<StudyRecord> found;
  for (const auto& row : server.exec("SELECT name, seed, config, trials FROM studies ORDER BY id")) {
    found.push_back({row[0].as<std::string>(), seed_of(row[1].as<std::int64_t>()), row[2].as<std::string>(),
                     row[3].as<int>()});
  }
  return found;
}

TrialRecord read_row(const pqxx::row& row, std::string_view store) {
  TrialRecord record;
  spec::Trial& trial = record.trial;
  trial.number = row["number"].as<int>();
  const std::string where = fmt::format("{}: trial {}", store, trial.number);
  const auto integer = [&](const char* column) { return row[column].as<std::int64_t>(); };
  trial.seed = seed_of(integer("seed"));
  trial.candidate.arch = spec::parse_arch(row["arch"].c_str(), where);
  trial.candidate.choices = spec::choices_from_json(row["choices"].c_str(), where);
  trial.candidate.cost = {integer("params"), integer("macs"), integer("activations"), integer("bn_buffers"),
                          integer("latency_ns")};
  trial.budget = {integer("budget_pictures"), row["budget_epochs"].as<int>()};
  record.repeat = row["repeat"].as<int>();
  if (!row["same_as"].is_null()) record.same_as = row["same_as"].as<int>();
  spec::Outcome& outcome = record.outcome;
  outcome.kind = spec::parse_outcome_kind(row["outcome"].c_str(), where);
  outcome.accuracy = exact_value(row["accuracy"].c_str());
  outcome.loss = exact_value(row["loss"].c_str());
  outcome.pictures = integer("pictures");
  outcome.seconds = exact_value(row["seconds"].c_str());
  outcome.message = row["message"].c_str();
  outcome.rungs = rungs_of(row["rungs"].c_str());
  record.finished = row["finished_utc"].c_str();
  return record;
}

// How many studies of the name there are: 0 or 1. A trial of the number is left as it is.
constexpr const char* kInsert = R"sql(
WITH named AS (SELECT id FROM studies WHERE name = $1),
  done AS (DELETE FROM queue USING named WHERE queue.study = named.id AND queue.number = $2),
  put AS (INSERT INTO trials (study, number, seed, arch, choices, params, macs, activations, bn_buffers,
            budget_pictures, budget_epochs, repeat, same_as, outcome, accuracy, loss, pictures, seconds, message,
            rungs, latency_ns)
          SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21 FROM named
          ON CONFLICT DO NOTHING RETURNING number)
SELECT (SELECT count(*) FROM named), (SELECT count(*) FROM put)
)sql";

// Whether the row that is there is the one that this process wrote before its connection was lost.
constexpr const char* kSame =
    "SELECT 1 FROM trials JOIN studies ON studies.id = study WHERE name = $1 AND number = $2 AND "
    "trials.seed = $3 AND arch = $4 AND outcome = $5 AND accuracy = $6 AND seconds = $7 AND message = $8";

}  // namespace

std::string exact_text(double value) {
  return fmt::format("{}", value);
}

double exact_value(const char* text) {
  double value = 0;
  std::from_chars(text, text + std::char_traits<char>::length(text), value);
  return value;
}

PostgresBackend::PostgresBackend(const PostgresLocation& location, Access access)
    : connection_(location, access) {
  prepare_schema(connection_, access);
}

std::unique_ptr<TrialBackend> open_postgres(const PostgresLocation& location, Access access) {
  return std::make_unique<PostgresBackend>(location, access);
}

void PostgresBackend::fail_not_opened(std::string_view study) const {
  throw Error(ErrorKind::kFailed, where(), fmt::format("study '{}' was not opened", study));
}

std::int64_t PostgresBackend::study_id(pqxx::transaction_base& server, std::string_view name) const {
  const pqxx::result found = server.exec_params("SELECT id FROM studies WHERE name = $1", std::string(name));
  if (found.empty()) fail_not_opened(name);
  return found[0][0].as<std::int64_t>();
}

void PostgresBackend::open_study(const StudyRecord& given) {
  connection_.run(Durability::kOnDisk, [&](pqxx::transaction_base& server, Attempt) {
    // A study that is opened by two at once is made by the first; the other waits here and then sees it.
    server.exec_params(
        "INSERT INTO studies (name, seed, config, trials) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        given.name, stored_seed(given.seed), given.config_json, given.trials);
    for (const StudyRecord& stored : read_studies(server)) {
      if (stored.name != given.name) continue;
      check_same_settings(stored, given, where());
      if (stored.trials != given.trials)
        server.exec_params("UPDATE studies SET trials = $2 WHERE name = $1", given.name, given.trials);
    }
  });
}

std::vector<StudyRecord> PostgresBackend::studies() const {
  return connection_.run(Durability::kQuick,
                         [&](pqxx::transaction_base& server, Attempt) { return read_studies(server); });
}

void PostgresBackend::record(std::string_view study, const TrialRecord& record) {
  const auto& [trial, repeat, same_as, outcome, finished] = record;
  const spec::Cost& cost = trial.candidate.cost;
  const std::string name(study), arch = spec::to_text(trial.candidate.arch),
                                 kind(spec::to_text(outcome.kind)), accuracy = exact_text(outcome.accuracy),
                                 seconds = exact_text(outcome.seconds), message = as_utf8(outcome.message),
                                 other = same_as ? std::to_string(*same_as) : std::string();
  connection_.run(Durability::kOnDisk, [&](pqxx::transaction_base& server, Attempt attempt) {
    const pqxx::result put = server.exec_params(
        kInsert, name, trial.number, stored_seed(trial.seed), arch,
        spec::choices_json(trial.candidate.choices), cost.params, cost.macs, cost.activations,
        cost.bn_buffers, trial.budget.pictures, trial.budget.epochs, repeat,
        same_as ? other.c_str() : nullptr, kind, accuracy, exact_text(outcome.loss), outcome.pictures,
        seconds, message, rungs_text(outcome.rungs), cost.latency_ns);
    if (put[0][0].as<int>() == 0) fail_not_opened(study);
    if (put[0][1].as<int>() == 1) return;
    if (attempt == Attempt::kRepeat && !server
                                            .exec_params(kSame, name, trial.number, stored_seed(trial.seed),
                                                         arch, kind, accuracy, seconds, message)
                                            .empty())
      return;
    throw Error(ErrorKind::kFailed, where(),
                fmt::format("trial {} of study '{}' is recorded already", trial.number, study));
  });
}

std::vector<TrialRecord> PostgresBackend::trials(std::string_view study) const {
  return connection_.run(Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) {
    const pqxx::result rows = server.exec_params(
        "SELECT *, to_char(finished AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS finished_utc "
        "FROM trials WHERE study = $1 ORDER BY number",
        study_id(server, study));
    std::vector<TrialRecord> found;
    for (const auto& row : rows) found.push_back(read_row(row, where()));
    return found;
  });
}

}  // namespace effnet::store
