// The tables of a trial store in PostgreSQL and what makes a schema ours: its table effnet_store, which holds the version.
#include <fmt/format.h>

#include <pqxx/pqxx>

#include "spec/error.h"
#include "store/postgres_backend.h"

namespace effnet::store {
namespace {

using spec::Error;
using spec::ErrorKind;

// Versions are counted with those of the SQLite files; the first in PostgreSQL is 2.
constexpr int kFirst = 2;
static_assert(TrialStore::kSchema == 3, "a newer schema needs a migration here");

constexpr const char* kMigrationTo3 = R"sql(
ALTER TABLE trials ADD COLUMN latency_ns bigint NOT NULL DEFAULT 0;
UPDATE effnet_store SET schema = 3;
)sql";

constexpr const char* kTables = R"sql(
CREATE TABLE effnet_store (schema integer NOT NULL);
CREATE TABLE studies (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, seed bigint NOT NULL,
  config text NOT NULL, created timestamptz NOT NULL DEFAULT now(), trials integer NOT NULL);
CREATE TABLE trials (
  study bigint NOT NULL REFERENCES studies (id), number integer NOT NULL, seed bigint NOT NULL,
  arch text NOT NULL, choices text NOT NULL,
  params bigint NOT NULL, macs bigint NOT NULL, activations bigint NOT NULL, bn_buffers bigint NOT NULL,
  latency_ns bigint NOT NULL,
  budget_pictures bigint NOT NULL, budget_epochs integer NOT NULL, repeat integer NOT NULL, same_as integer,
  outcome text NOT NULL, accuracy double precision NOT NULL, loss double precision NOT NULL,
  pictures bigint NOT NULL, seconds double precision NOT NULL, message text NOT NULL, rungs text NOT NULL,
  finished timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (study, number));
CREATE TABLE queue (
  study bigint NOT NULL REFERENCES studies (id), number integer NOT NULL, trial text NOT NULL,
  worker text, beat timestamptz NOT NULL DEFAULT now(), progress double precision NOT NULL DEFAULT 0, outcome text,
  PRIMARY KEY (study, number));
)sql";

Error foreign(const PostgresLocation& location, std::string_view what) {
  return Error(ErrorKind::kBadData, location.shown, what, "give another name behind the # of the URL");
}

enum class Found { kNothing, kEmptySchema, kOlderStore, kStore };

// kBadData for anything but nothing and a trial store that can be used or brought to this version.
Found look(pqxx::transaction_base& server, const PostgresLocation& location) {
  const pqxx::result schema = server.exec_params(
      "SELECT count(c.oid), count(c.oid) FILTER (WHERE c.relname = 'effnet_store') FROM pg_namespace n "
      "LEFT JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname = $1 GROUP BY n.oid",
      location.schema);
  if (schema.empty()) return Found::kNothing;
  if (schema[0][0].as<std::int64_t>() == 0) return Found::kEmptySchema;
  if (schema[0][1].as<std::int64_t>() == 0) {
    throw foreign(location,
                  fmt::format("the schema {} is of another program, not a trial store", location.schema));
  }
  const pqxx::result version = server.exec("SELECT schema FROM effnet_store");
  if (version.size() != 1) throw foreign(location, "the trial store is damaged: it does not say its version");
  const int found = version[0][0].as<int>();
  if (found < kFirst || found > TrialStore::kSchema) {
    throw foreign(location, fmt::format("trial store of schema {}; this program knows {} to {}", found,
                                        kFirst, TrialStore::kSchema));
  }
  return found == TrialStore::kSchema ? Found::kStore : Found::kOlderStore;
}

void check_encoding(pqxx::transaction_base& server, const PostgresLocation& location) {
  const std::string encoding = server.exec("SHOW server_encoding")[0][0].as<std::string>();
  if (encoding == "UTF8" || encoding == "SQL_ASCII") return;
  throw Error(ErrorKind::kEnvironment, location.shown,
              fmt::format("the database holds {}, not UTF8", encoding),
              "make one that does: createdb --encoding UTF8 --template template0 NAME");
}

}  // namespace

void prepare_schema(const PostgresConnection& connection, Access access) {
  const PostgresLocation& location = connection.location();
  const Found found = connection.run(
      Durability::kQuick, [&](pqxx::transaction_base& server, Attempt) { return look(server, location); });
  if (found == Found::kStore) return;
  if (access == Access::kRead && found == Found::kOlderStore) {
    throw Error(ErrorKind::kBadData, location.shown, "the trial store is of an earlier version",
                "it is brought to this one by the next search or worker that opens it");
  }
  if (access == Access::kRead) throw foreign(location, "there is no trial store here");
  connection.run(Durability::kOnDisk, [&](pqxx::transaction_base& server, Attempt) {
    // "efnt" and the schema: those who make the same store at this moment wait for each other.
    server.exec_params("SELECT pg_advisory_xact_lock(1701211764, hashtext($1))", location.schema);
    const Found now = look(server, location);
    if (now == Found::kStore) return;
    if (now == Found::kOlderStore) {
      server.exec(kMigrationTo3);
      return;
    }
    check_encoding(server, location);
    if (now == Found::kNothing) server.exec(fmt::format("CREATE SCHEMA \"{}\"", location.schema));
    server.exec(kTables);
    server.exec_params("INSERT INTO effnet_store (schema) VALUES ($1)", TrialStore::kSchema);
  });
}

}  // namespace effnet::store
