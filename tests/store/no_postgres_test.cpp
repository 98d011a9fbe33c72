#include "store/trial_store.h"
#include "tests/support/catch.h"
#include "tests/support/expect_error.h"

using namespace effnet;

TEST_CASE("a build without libpqxx says so and what to install") {
  const spec::Error error =
      tests::error_of([] { store::TrialStore::open("postgresql://anna:secret@host/db"); });
  CHECK(error.kind() == spec::ErrorKind::kEnvironment);
  CHECK(tests::contains(error.message(), "PostgreSQL"));
  CHECK(tests::contains(error.advice(), "libpqxx-dev"));
  CHECK_FALSE(tests::contains(error.what(), "secret"));
}
