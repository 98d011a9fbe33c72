#include "store/trial_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <bit>
#include <mutex>

#include "spec/error.h"
#include "spec/suggestion.h"
#include "store/config_difference.h"

namespace effnet::store {
namespace {

using spec::Error;
using spec::ErrorKind;
namespace fs = std::filesystem;

constexpr int kApplicationId = 0x65666e74;  // "efnt", in the file's header: tells our files from others
constexpr int kBusyMilliseconds = 10'000;

constexpr const char* kTables = R"sql(
CREATE TABLE studies (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, seed INTEGER NOT NULL, config TEXT NOT NULL,
  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
CREATE TABLE trials (
  study INTEGER NOT NULL REFERENCES studies (id), number INTEGER NOT NULL, seed INTEGER NOT NULL,
  arch TEXT NOT NULL, choices TEXT NOT NULL,
  params INTEGER NOT NULL, macs INTEGER NOT NULL, activations INTEGER NOT NULL, bn_buffers INTEGER NOT NULL,
  budget_pictures INTEGER NOT NULL, budget_epochs INTEGER NOT NULL, repeat INTEGER NOT NULL, same_as INTEGER,
  outcome TEXT NOT NULL, accuracy REAL NOT NULL, loss REAL NOT NULL, pictures INTEGER NOT NULL,
  seconds REAL NOT NULL, message TEXT NOT NULL,
  finished TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  PRIMARY KEY (study, number)) WITHOUT ROWID;
)sql";

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::kBadData;
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
      return ErrorKind::kEnvironment;
    default:
      return ErrorKind::kFailed;
  }
}

std::string_view advice_for(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "move the file away to start anew; `sqlite3 FILE .recover` may save rows of a damaged one";
    case SQLITE_FULL:
    case SQLITE_IOERR:  // a quota or a limit on a file's size comes as this
      return "free some space and run the same command again; the trials recorded before are intact";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds the file; wait for it or stop it";
    default:
      return "check the permissions of the file and its folder";
  }
}

Error translated(const fs::path& file, const SQLite::Exception& error) {
  return Error(kind_of(error.getErrorCode()), file.string(), fmt::format("trial store: {}", error.what()),
               advice_for(error.getErrorCode()));
}

Error foreign(const fs::path& file, std::string_view what) {
  return Error(ErrorKind::kBadData, file.string(), what,
               "give another file or folder, or move this one away");
}

// SQLite's integers are signed; seeds use all 64 bits.
std::int64_t stored_seed(std::uint64_t seed) {
  return std::bit_cast<std::int64_t>(seed);
}

}  // namespace

struct TrialStore::Database {
  fs::path file;
  SQLite::Database sqlite;
  mutable std::mutex mutex;

  Database(const fs::path& path, int flags) : file(path), sqlite(path.string(), flags, kBusyMilliseconds) {}

  // Runs `work` alone and turns SQLite's exceptions into ours.
  template <class Work>
  auto run(Work&& work) const {
    const std::scoped_lock lock(mutex);
    try {
      return work();
    } catch (const SQLite::Exception& error) {
      throw translated(file, error);
    }
  }

  void check_identity() {
    const int id = sqlite.execAndGet("PRAGMA application_id").getInt();
    if (id != kApplicationId) throw foreign(file, "is a database of another program, not a trial store");
    if (const int schema = sqlite.execAndGet("PRAGMA user_version").getInt(); schema != kSchema) {
      throw foreign(file, fmt::format("trial store of schema {}; this program knows {}", schema, kSchema));
    }
    const std::string verdict = sqlite.execAndGet("PRAGMA quick_check(1)").getString();
    if (verdict != "ok") throw foreign(file, fmt::format("the trial store is damaged: {}", verdict));
  }

  void prepare() {
    sqlite.exec("PRAGMA foreign_keys = ON");
    const bool fresh = sqlite.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0 &&
                       sqlite.execAndGet("PRAGMA application_id").getInt() == 0;
    if (!fresh) check_identity();  // before anything is written into what may be another program's file
    sqlite.exec("PRAGMA journal_mode = WAL");
    sqlite.exec("PRAGMA synchronous = FULL");
    if (fresh) create_tables();
  }

  void create_tables() {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    if (sqlite.tableExists("studies")) return;  // another process was first
    sqlite.exec(kTables);
    sqlite.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
    sqlite.exec(fmt::format("PRAGMA user_version = {}", kSchema));
    transaction.commit();
  }

  std::int64_t study_id(std::string_view name) const {
    SQLite::Statement query(sqlite, "SELECT id FROM studies WHERE name = ?");
    query.bind(1, std::string(name));
    if (!query.executeStep()) {
      throw Error(ErrorKind::kFailed, file.string(), fmt::format("study '{}' was not opened", name));
    }
    return query.getColumn(0).getInt64();
  }

  std::vector<StudyRecord> studies() const {
    std::vector<StudyRecord> found;
    SQLite::Statement query(sqlite, "SELECT name, seed, config FROM studies ORDER BY id");
    while (query.executeStep()) {
      found.push_back({query.getColumn(0).getString(),
                       std::bit_cast<std::uint64_t>(std::int64_t{query.getColumn(1).getInt64()}),
                       query.getColumn(2).getString()});
    }
    return found;
  }

  TrialRecord read_row(SQLite::Statement& query) const {
    TrialRecord record;
    spec::Trial& trial = record.trial;
    trial.number = query.getColumn("number").getInt();
    const std::string where = fmt::format("{}: trial {}", file.string(), trial.number);
    trial.seed = std::bit_cast<std::uint64_t>(std::int64_t{query.getColumn("seed").getInt64()});
    trial.candidate.arch = spec::parse_arch(query.getColumn("arch").getString(), where);
    trial.candidate.choices = spec::choices_from_json(query.getColumn("choices").getString(), where);
    trial.candidate.cost = {query.getColumn("params").getInt64(), query.getColumn("macs").getInt64(),
                            query.getColumn("activations").getInt64(),
                            query.getColumn("bn_buffers").getInt64()};
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
    return record;
  }

  void insert(std::int64_t study, const TrialRecord& record) {
    SQLite::Statement row(
        sqlite,
        "INSERT INTO trials (study, number, seed, arch, choices, params, macs, activations, "
        "bn_buffers, budget_pictures, budget_epochs, repeat, same_as, outcome, accuracy, loss, "
        "pictures, seconds, message) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    int column = 0;
    const auto bind = [&](const auto& value) { row.bind(++column, value); };
    const auto& [trial, repeat, same_as, outcome] = record;
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
    row.exec();
  }
};

TrialStore::TrialStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
TrialStore::TrialStore(TrialStore&&) noexcept = default;
TrialStore& TrialStore::operator=(TrialStore&&) noexcept = default;
TrialStore::~TrialStore() = default;

TrialStore TrialStore::open(const fs::path& file) {
  try {
    auto database = std::make_unique<Database>(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database->prepare();
    return TrialStore(std::move(database));
  } catch (const SQLite::Exception& error) {
    throw translated(file, error);
  }
}

TrialStore TrialStore::open_existing(const fs::path& file) {
  if (!fs::is_regular_file(file)) throw foreign(file, "there is no trial store here");
  try {
    auto database = std::make_unique<Database>(file, SQLite::OPEN_READONLY);
    database->check_identity();
    return TrialStore(std::move(database));
  } catch (const SQLite::Exception& error) {
    throw translated(file, error);
  }
}

void TrialStore::open_study(const StudyRecord& given) {
  database_->run([&] {
    SQLite::Transaction transaction(database_->sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    for (const StudyRecord& stored : database_->studies()) {
      if (stored.name != given.name) continue;
      std::string difference =
          config_difference(stored.config_json, given.config_json, database_->file.string());
      if (stored.seed != given.seed) {
        difference = fmt::format("seed was {} and is now {}", stored.seed, given.seed);
      }
      if (difference.empty()) return;
      throw Error(
          ErrorKind::kUsage, database_->file.string(),
          fmt::format("study '{}' was started with other settings: {}", given.name, difference),
          "repeat the settings it was started with to go on with it, or give another --output folder");
    }
    SQLite::Statement row(database_->sqlite, "INSERT INTO studies (name, seed, config) VALUES (?, ?, ?)");
    row.bind(1, given.name);
    row.bind(2, stored_seed(given.seed));
    row.bind(3, given.config_json);
    row.exec();
    transaction.commit();
  });
}

std::vector<StudyRecord> TrialStore::studies() const {
  return database_->run([&] { return database_->studies(); });
}

StudyRecord TrialStore::study(std::string_view name) const {
  std::vector<std::string> known;
  for (StudyRecord& study : studies()) {
    if (study.name == name) return study;
    known.push_back(study.name);
  }
  throw Error(ErrorKind::kUsage, database_->file.string(), fmt::format("there is no study '{}'", name),
              spec::did_you_mean(name, known));
}

void TrialStore::record(std::string_view study, const TrialRecord& trial) {
  database_->run([&] {
    SQLite::Transaction transaction(database_->sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    database_->insert(database_->study_id(study), trial);
    transaction.commit();
  });
}

std::vector<TrialRecord> TrialStore::trials(std::string_view study) const {
  return database_->run([&] {
    std::vector<TrialRecord> found;
    SQLite::Statement query(database_->sqlite, "SELECT * FROM trials WHERE study = ? ORDER BY number");
    query.bind(1, database_->study_id(study));
    while (query.executeStep()) found.push_back(database_->read_row(query));
    return found;
  });
}

}  // namespace effnet::store
