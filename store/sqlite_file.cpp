// A SQLite file as a trial store: opening it, its identity and schema, errors.
#include "store/sqlite_backend.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "spec/error.h"

namespace effnet::store {
namespace {

using spec::Error;
using spec::ErrorKind;
namespace fs = std::filesystem;

constexpr int kApplicationId = 0x65666e74;  // "efnt", in the file's header: tells our files from others
constexpr int kBusyMilliseconds = 10'000;

constexpr const char* kFirstSchema = R"sql(
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

// 2: workers of other processes take trials from a queue; a study knows how many trials it is to have; accuracies at rungs,
// with blanks between.
constexpr const char* kSecondSchema = R"sql(
ALTER TABLE studies ADD COLUMN trials INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trials ADD COLUMN rungs TEXT NOT NULL DEFAULT '';
CREATE TABLE queue (
  study INTEGER NOT NULL REFERENCES studies (id), number INTEGER NOT NULL, trial TEXT NOT NULL,
  worker TEXT, beat INTEGER NOT NULL DEFAULT 0, progress REAL NOT NULL DEFAULT 0, outcome TEXT,
  PRIMARY KEY (study, number)) WITHOUT ROWID;
)sql";

// 3: of nets' costs the latency.
constexpr const char* kThirdSchema = "ALTER TABLE trials ADD COLUMN latency_ns INTEGER NOT NULL DEFAULT 0";

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

}  // namespace

SqliteBackend::SqliteBackend(const fs::path& file, Access access) : file_(file) {
  if (access == Access::kRead && !fs::is_regular_file(file))
    throw foreign(file, "there is no trial store here");
  run_alone(Durability::kOnDisk, [&] {
    sqlite_ = std::make_unique<SQLite::Database>(
        file.string(),
        access == Access::kRead ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
        kBusyMilliseconds);
    if (access == Access::kRead)
      check_identity();
    else
      prepare();
  });
}

SqliteBackend::~SqliteBackend() = default;

std::unique_ptr<TrialBackend> open_sqlite(const fs::path& file, Access access) {
  return std::make_unique<SqliteBackend>(file, access);
}

void SqliteBackend::run_alone(Durability durability, const std::function<void()>& work) const {
  const std::scoped_lock lock(mutex_);
  try {
    if (durability != durability_) {
      sqlite_->exec(durability == Durability::kOnDisk ? "PRAGMA synchronous = FULL"
                                                      : "PRAGMA synchronous = NORMAL");
      durability_ = durability;
    }
    work();
  } catch (const SQLite::Exception& error) {
    throw translated(file_, error);
  }
}

std::int64_t SqliteBackend::study_id(std::string_view name) const {
  SQLite::Statement query(*sqlite_, "SELECT id FROM studies WHERE name = ?");
  query.bind(1, std::string(name));
  if (!query.executeStep()) {
    throw Error(ErrorKind::kFailed, file_.string(), fmt::format("study '{}' was not opened", name));
  }
  return query.getColumn(0).getInt64();
}

void SqliteBackend::check_identity() {
  const int id = sqlite_->execAndGet("PRAGMA application_id").getInt();
  if (id != kApplicationId) throw foreign(file_, "is a database of another program, not a trial store");
  schema_ = sqlite_->execAndGet("PRAGMA user_version").getInt();
  if (schema_ < 1 || schema_ > TrialStore::kSchema) {
    throw foreign(file_, fmt::format("trial store of schema {}; this program knows 1 to {}", schema_,
                                     TrialStore::kSchema));
  }
  const std::string verdict = sqlite_->execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") throw foreign(file_, fmt::format("the trial store is damaged: {}", verdict));
}

void SqliteBackend::prepare() {
  sqlite_->exec("PRAGMA foreign_keys = ON");
  const bool fresh = sqlite_->execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0 &&
                     sqlite_->execAndGet("PRAGMA application_id").getInt() == 0;
  if (!fresh) check_identity();  // before anything is written into what may be another program's file
  sqlite_->exec("PRAGMA journal_mode = WAL");
  sqlite_->exec("PRAGMA synchronous = FULL");
  if (fresh) create_tables();
  migrate();
}

void SqliteBackend::create_tables() {
  SQLite::Transaction transaction(*sqlite_, SQLite::TransactionBehavior::IMMEDIATE);
  if (sqlite_->tableExists("studies")) return;  // another process was first
  sqlite_->exec(kFirstSchema);
  sqlite_->exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
  sqlite_->exec("PRAGMA user_version = 1");
  transaction.commit();
}

void SqliteBackend::migrate() {
  schema_ = sqlite_->execAndGet("PRAGMA user_version").getInt();
  if (schema_ == TrialStore::kSchema) return;
  SQLite::Transaction transaction(*sqlite_, SQLite::TransactionBehavior::IMMEDIATE);
  schema_ = sqlite_->execAndGet("PRAGMA user_version").getInt();  // another process may have been first
  if (schema_ < 2) sqlite_->exec(kSecondSchema);
  if (schema_ < 3) sqlite_->exec(kThirdSchema);
  sqlite_->exec(fmt::format("PRAGMA user_version = {}", TrialStore::kSchema));
  transaction.commit();
  schema_ = TrialStore::kSchema;
}

}  // namespace effnet::store
