// URLs of trial stores on a PostgreSQL server: which are taken, and that no message has a password.
#include "store/postgres_location.h"

#include "store/trial_store.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;
using store::is_postgres_url;
using store::parse_postgres_url;
using tests::contains;
using tests::error_of;

TEST_CASE("a URL is told from a path") {
  CHECK(is_postgres_url("postgresql://host/db"));
  CHECK(is_postgres_url("postgres://host/db"));
  CHECK(is_postgres_url("postgresql:/host/db"));  // refused, not a file of that name
  CHECK_FALSE(is_postgres_url("runs/postgresql/trials.db"));
  CHECK_FALSE(is_postgres_url("postgres"));
}

TEST_CASE("the part behind # names the schema, the rest is the client library's") {
  const auto named = parse_postgres_url("postgresql://anna@host:5433/db#Fashion_2");
  CHECK(named.schema == "effnet_Fashion_2");
  CHECK(named.url.starts_with("postgresql://anna@host:5433/db?connect_timeout=30&"));
  CHECK(named.shown == "postgresql://anna@host:5433/db#Fashion_2");
  CHECK(parse_postgres_url("postgres://host/db").schema == "effnet_default");
  CHECK(
      parse_postgres_url("postgresql:///db?host=/run/pg").url.starts_with("postgresql:///db?host=/run/pg&"));
  const auto patient = parse_postgres_url("postgresql://[::1]:5432,other:1/?connect_timeout=3#x");
  CHECK(patient.patience == std::chrono::seconds(3));
  CHECK_FALSE(contains(patient.url, "connect_timeout=30"));
}

TEST_CASE("what is shown of a URL has no password") {
  CHECK(parse_postgres_url("postgresql://anna:se%40cret@host/db#x").shown == "postgresql://anna@host/db#x");
  CHECK(parse_postgres_url("postgresql://:secret@host").shown == "postgresql://host");
  CHECK(parse_postgres_url("postgresql:///db?user=anna&password=secret&host=%2Frun&sslpassword=secret#x")
            .shown == "postgresql:///db?user=anna&host=%2Frun#x");
}

TEST_CASE("a URL that cannot be is refused without repeating what may be a password") {
  for (const char* url : {"postgresql:/anna:secret@host/db", "postgresql://anna:se@secret@host/db",
                          "postgresql://anna:secret/secret@host/db", "postgresql://anna:se#secret@host/db",
                          "postgresql://anna:se?secret@host/db", "postgresql://anna:se%secret@host/db",
                          "postgresql://anna:secret%00@host/db", "postgresql://anna:secret",
                          "postgresql://anna:secret/db", "postgresql://host,anna:secret/db",
                          "postgresql://host/db?secret", "postgresql://host/db?password=a=secret",
                          "postgresql://host/db?pass%77ord=secret", "postgresql://host/db?password=%secret",
                          "postgresql://anna:secret@host/db#", "postgresql://anna:secret@host/db#a-b",
                          "postgresql://anna:secret@host/db#a\"b", "postgresql://anna:secret@host/db#a#b"}) {
    CAPTURE(url);
    const spec::Error error = error_of([&] { store::TrialStore::open(url); });
    CHECK(error.kind() == spec::ErrorKind::kUsage);
    CHECK_FALSE(contains(error.what(), "secret"));
    CHECK_FALSE(error.advice().empty());
  }
  const std::string longest(56, 'x');
  CHECK(parse_postgres_url("postgresql://host#" + longest).schema.size() == 63);  // of PostgreSQL's names
  CHECK(error_of([&] { parse_postgres_url("postgresql://host#x" + longest); }).kind() ==
        spec::ErrorKind::kUsage);
}
