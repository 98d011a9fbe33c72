// Studies and finished trials in SQLite.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "store/sqlite_backend.h"

namespace effnet::store {
namespace {

namespace fs = std::filesystem;

std::vector<StudyRecord> read_studies(SQLite::Database& sqlite, int schema) {
  std::vector<StudyRecord> found;
  SQLite::Statement query(sqlite, fmt::format("SELECT name, seed, config, {} FROM studies ORDER BY id",
                                              schema < 2 ? "0" : "trials"));
  while (query.executeStep()) {
    found.push_back({query.getColumn(0).getString(), seed_of(query.getColumn(1).getInt64()),
                     query.getColumn(2).getString(), query.getColumn(3).getInt()});
  }
  return found;
}

TrialRecord read_row(SQLite::Statement& query, int schema, const fs::path& file) {
  TrialRecord record;
  spec::Trial& trial = record.trial;
  trial.number = query.getColumn("number").getInt();
  const std::string where = fmt::format("{}: trial {}", file.string(), trial.number);
  trial.seed = seed_of(query.getColumn("seed").getInt64());
  trial.candidate.arch = spec::parse_arch(query.getColumn("arch").getString(), where);
  trial.candidate.choices = spec::choices_from_json(query.getColumn("choices").getString(), where);
  trial.candidate.cost = {query.getColumn("params").getInt64(), query.getColumn("macs").getInt64(),
                          query.getColumn("activations").getInt64(), query.getColumn("bn_buffers").getInt64(),
                          schema >= 3 ? query.getColumn("latency_ns").getInt64() : 0};
  trial.budget = {query.getColumn("budget_pictures").getInt64(), query.getColumn("budget_epochs").getInt()};
  record.repeat = query.getColumn("repeat").getInt();
  if (!query.getColumn("same_as").isNull()) record.same_as = query.getColumn("same_as").getInt();
  spec::Outcome& outcome = record.outcome;
  outcome.kind = spec::parse_outcome_kind(query.getColumn("outcome").getString(), where);
  outcome.accuracy = query.getColumn("accuracy").getDouble();
  outcome.loss = query.getColumn("loss").getDouble();
  outcome.pictures = query.getColumn("pictures").getInt64();
  outcome.seconds = query.getColumn("seconds").getDouble();
  outcome.message = query.getColumn("message").getString();
  if (schema >= 2) outcome.rungs = rungs_of(query.getColumn("rungs").getString());
  record.finished = query.getColumn("finished").getString();
  return record;
}

void insert(SQLite::Database& sqlite, std::int64_t study, const TrialRecord& record) {
  SQLite::Statement row(
      sqlite,
      "INSERT INTO trials (study, number, seed, arch, choices, params, macs, activations, "
      "bn_buffers, budget_pictures, budget_epochs, repeat, same_as, outcome, accuracy, loss, "
      "pictures, seconds, message, rungs, latency_ns) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  int column = 0;
  const auto bind = [&](const auto& value) { row.bind(++column, value); };
  const auto& [trial, repeat, same_as, outcome, finished] = record;
  const spec::Cost& cost = trial.candidate.cost;
  bind(study);
  bind(trial.number);
  bind(stored_seed(trial.seed));
  bind(spec::to_text(trial.candidate.arch));
  bind(spec::choices_json(trial.candidate.choices));
  for (const std::int64_t value : {cost.params, cost.macs, cost.activations, cost.bn_buffers}) bind(value);
  bind(trial.budget.pictures);
  bind(trial.budget.epochs);
  bind(repeat);
  if (same_as)
    bind(*same_as);
  else
    row.bind(++column);  // NULL
  bind(std::string(spec::to_text(outcome.kind)));
  bind(outcome.accuracy);
  bind(outcome.loss);
  bind(outcome.pictures);
  bind(outcome.seconds);
  bind(outcome.message);
  bind(rungs_text(outcome.rungs));
  bind(cost.latency_ns);
  row.exec();
}
}  // namespace

void SqliteBackend::open_study(const StudyRecord& given) {
  run(Durability::kOnDisk, [&] {
    SQLite::Transaction transaction(*sqlite_, SQLite::TransactionBehavior::IMMEDIATE);
    for (const StudyRecord& stored : read_studies(*sqlite_, schema_)) {
      if (stored.name != given.name) continue;
      check_same_settings(stored, given, where());
      SQLite::Statement wanted(*sqlite_, "UPDATE studies SET trials = ? WHERE name = ?");
      wanted.bind(1, given.trials);
      wanted.bind(2, given.name);
      wanted.exec();
      transaction.commit();
      return;
    }
    SQLite::Statement row(*sqlite_, "INSERT INTO studies (name, seed, config, trials) VALUES (?, ?, ?, ?)");
    row.bind(1, given.name);
    row.bind(2, stored_seed(given.seed));
    row.bind(3, given.config_json);
    row.bind(4, given.trials);
    row.exec();
    transaction.commit();
  });
}

std::vector<StudyRecord> SqliteBackend::studies() const {
  return run(Durability::kQuick, [&] { return read_studies(*sqlite_, schema_); });
}

void SqliteBackend::record(std::string_view study, const TrialRecord& trial) {
  run(Durability::kOnDisk, [&] {
    SQLite::Transaction transaction(*sqlite_, SQLite::TransactionBehavior::IMMEDIATE);
    const std::int64_t id = study_id(study);
    insert(*sqlite_, id, trial);
    SQLite::Statement done(*sqlite_, "DELETE FROM queue WHERE study = ? AND number = ?");
    done.bind(1, id);
    done.bind(2, trial.trial.number);
    done.exec();
    transaction.commit();
  });
}

std::vector<TrialRecord> SqliteBackend::trials(std::string_view study) const {
  return run(Durability::kQuick, [&] {
    std::vector<TrialRecord> found;
    SQLite::Statement query(*sqlite_, "SELECT * FROM trials WHERE study = ? ORDER BY number");
    query.bind(1, study_id(study));
    while (query.executeStep()) found.push_back(read_row(query, schema_, file_));
    return found;
  });
}

}  // namespace effnet::store
