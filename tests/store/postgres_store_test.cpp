// What a trial store on a PostgreSQL server must stand, beyond what each kind of database must: other schemas, versions,
// errors of the server, the disk.
#include <pqxx/pqxx>

#include "store/postgres_location.h"
#include "store/trial_store.h"
#include "tests/store/example_trial.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"
#include "tests/support/postgres_server.h"
#include "tests/support/scratch_store.h"

using namespace effnet;
using spec::ErrorKind;
using store::TrialStore;
using tests::contains;
using tests::error_of;
using tests::example_record;
using tests::PostgresServer;

namespace {

class Server {  // as an administrator sees it
 public:
  explicit Server(const std::string& url = PostgresServer::shared().url())
      : connection_(store::parse_postgres_url(url).url) {}
  std::string value(const std::string& sql) {
    pqxx::nontransaction server(connection_);
    const pqxx::result result = server.exec(sql);
    return result.empty() ? "" : result[0][0].c_str();
  }

 private:
  pqxx::connection connection_;
};

std::string schema_of(const tests::ScratchStore& scratch) {
  return store::parse_postgres_url(scratch.location()).schema;
}

}  // namespace

TEST_CASE("schemas that are no trial store are refused and left alone") {
  const tests::ScratchStore scratch;
  Server server;
  const std::string tables =
      "SELECT count(*) FROM pg_class WHERE relnamespace = '" + schema_of(scratch) + "'::regnamespace";
  SECTION("another program's") {
    server.value("CREATE SCHEMA " + schema_of(scratch));
    scratch.execute("CREATE TABLE studies (x integer)");
    CHECK(contains(error_of([&] { TrialStore::open(scratch.location()); }).message(), "another program"));
    CHECK(server.value(tables) == "1");
  }
  SECTION("of another version") {
    { TrialStore::open(scratch.location()); }
    const std::string before = server.value(tables);
    for (const char* version : {"99", "1"}) {
      scratch.execute(std::string("UPDATE effnet_store SET schema = ") + version);
      CHECK(contains(error_of([&] { TrialStore::open(scratch.location()); }).message(), version));
      CHECK(error_of([&] { TrialStore::open_existing(scratch.location()); }).kind() == ErrorKind::kBadData);
    }
    CHECK(server.value(tables) == before);
  }
  SECTION("of an earlier version: read by nobody, brought to the present one by the first who writes") {
    TrialStore::open(scratch.location()).open_study({"main", 1, "{}"});
    scratch.execute("ALTER TABLE trials DROP COLUMN latency_ns; UPDATE effnet_store SET schema = 2");
    CHECK(contains(error_of([&] { TrialStore::open_existing(scratch.location()); }).message(),
                   "earlier version"));
    TrialStore store = TrialStore::open(scratch.location());
    store.record("main", example_record(0));
    CHECK(store.trials("main").size() == 1);
    CHECK(TrialStore::open_existing(scratch.location()).trials("main").size() == 1);
  }
  SECTION("damaged") {
    { TrialStore::open(scratch.location()); }
    scratch.execute("DELETE FROM effnet_store");
    CHECK(contains(error_of([&] { TrialStore::open(scratch.location()); }).message(), "damaged"));
    scratch.execute("INSERT INTO effnet_store VALUES (3); DROP TABLE queue");
    TrialStore store = TrialStore::open(scratch.location());
    store.open_study({"main", 1, "{}"});
    CHECK(error_of([&] { store.claim("anna", 1); }).kind() == ErrorKind::kBadData);
  }
  SECTION("nothing, and only to be read") {
    CHECK(error_of([&] { TrialStore::open_existing(scratch.location()); }).kind() == ErrorKind::kBadData);
    CHECK(server.value("SELECT 1 FROM pg_namespace WHERE nspname = '" + schema_of(scratch) + "'").empty());
  }
  SECTION("empty: an administrator has made it for a user who may make none") {
    server.value("CREATE SCHEMA " + schema_of(scratch));
    TrialStore::open(scratch.location()).open_study({"main", 1, "{}"});
    CHECK(TrialStore::open_existing(scratch.location()).studies().size() == 1);
  }
}

TEST_CASE("the trial stores of one database know nothing of each other") {
  const tests::ScratchStore one, other;
  TrialStore first = TrialStore::open(one.location()), second = TrialStore::open(other.location());
  first.open_study({"main", 1, "{}"});
  second.open_study({"main", 2, "{}"});
  first.offer("main", example_record(0).trial);
  CHECK_FALSE(second.claim("anna", 3600));
  CHECK(first.claim("anna", 3600));
  CHECK(second.study("main").seed == 2);
}

TEST_CASE("why there is no connection is said, with what to do and without the password") {
  const PostgresServer& server = PostgresServer::shared();
  const tests::ScratchStore scratch;
  Server administrator;
  administrator.value("DROP ROLE IF EXISTS guarded; CREATE ROLE guarded LOGIN PASSWORD 'right'");
  struct Case {
    std::string url, message, advice;
  };
  for (const Case& one :
       {Case{server.url("guarded", "postgres", ":wrong-secret"), "authentication failed", ".pgpass"},
        Case{server.url("guarded", "postgres"), "no password", ".pgpass"},
        Case{server.url("effnet", "nowhere", ":secret"), "\"nowhere\" does not exist", "createdb"},
        Case{server.url("nobody_here"), "\"nobody_here\" does not exist", "createuser"},
        Case{"postgresql://anna:secret@127.0.0.1:1/db", "refused", "runs there"},
        Case{"postgresql://anna:secret@/db?host=/nowhere", "No such file", "runs there"},
        Case{server.url() + "&secrecy=x", "secrecy", "URL is right"}}) {
    CAPTURE(one.url);
    const spec::Error error = error_of([&] { TrialStore::open(one.url); });
    CHECK(error.kind() == ErrorKind::kEnvironment);
    CHECK(contains(error.message(), one.message));
    CHECK(contains(error.advice(), one.advice));
    CHECK(error.message().find('\n') == std::string::npos);
    CHECK_FALSE(contains(error.what(), "secret@"));
    CHECK_FALSE(contains(error.what(), "wrong-secret"));
  }
  // The right one opens, but may make nothing until it is allowed to.
  const std::string right = server.url("guarded", "postgres", ":right") + "#guarded";
  const spec::Error error = error_of([&] { TrialStore::open(right); });
  CHECK(error.kind() == ErrorKind::kEnvironment);
  CHECK(contains(error.advice(), "GRANT CREATE ON DATABASE"));
  administrator.value("GRANT CREATE ON DATABASE postgres TO guarded");
  const TrialStore store = TrialStore::open(right);
  CHECK(store.studies().empty());
  CHECK_FALSE(contains(store.where(), "right"));
}

TEST_CASE("records are on the server's disk, the queue's claims need not be") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, "{}"});
  Server server;
  const std::string pending = "SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn() > 0";
  int waited_for = 0;
  for (int i = 0; i < 20; ++i) {
    store.offer("main", example_record(i).trial);
    const store::Claim claim = *store.claim("anna", 3600);
    store.deliver(claim, {.accuracy = 50});
    // The server writes what it likes at any time; not at every one of these.
    if (server.value(pending) == "f") ++waited_for;
    store.record("main", example_record(i));
    CHECK(server.value(pending) == "f");
  }
  CHECK(waited_for < 10);
}

TEST_CASE("a message that is no text is kept as far as it is one") {
  const tests::ScratchStore scratch;
  TrialStore store = TrialStore::open(scratch.location());
  store.open_study({"main", 1, "{}"});
  store::TrialRecord crashed = example_record(0);
  crashed.outcome = {.kind = spec::OutcomeKind::kCrashed,
                     .message = std::string("a\xff\x00\nb\xe4 '\"\\", 10)};
  store.record("main", crashed);
  const std::string kept = store.trials("main")[0].outcome.message;
  CHECK(kept.starts_with("a"));
  CHECK(kept.ends_with(" '\"\\"));
}
