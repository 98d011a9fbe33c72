#include <SQLiteCpp/SQLiteCpp.h>

#include "tests/support/scratch_store.h"

namespace effnet::tests {

ScratchStore::ScratchStore() : location_((folder_ / "trials.db").string()) {}

void ScratchStore::execute(const std::string& sql) const {
  SQLite::Database(location_, SQLite::OPEN_READWRITE).exec(sql);
}

}  // namespace effnet::tests
