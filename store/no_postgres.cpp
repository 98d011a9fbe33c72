// In place of the PostgreSQL store in a build without libpqxx.
#include "spec/error.h"
#include "store/trial_backend.h"

namespace effnet::store {

std::unique_ptr<TrialBackend> open_postgres(const PostgresLocation& location, Access) {
  throw spec::Error(spec::ErrorKind::kEnvironment, location.shown, "this build cannot speak to PostgreSQL",
                    "install libpqxx 6 or 7 with its headers (Debian: libpqxx-dev), then build again");
}

}  // namespace effnet::store
