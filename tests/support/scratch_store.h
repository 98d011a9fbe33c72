// A place for a trial store that no other case uses and that is empty. Which kind of database is a matter of the source that
// is linked: tests/store/sqlite_scratch_store.cpp or postgres_scratch_store.cpp, so that the same cases run on both.
#pragma once

#include <string>

#include "tests/support/temporary_folder.h"

namespace effnet::tests {

class ScratchStore {
 public:
  ScratchStore();

  const std::string& location() const { return location_; }  // for TrialStore::open
  void execute(const std::string& sql) const;                // as another program would

 private:
  TemporaryFolder folder_;
  std::string location_;
};

}  // namespace effnet::tests
