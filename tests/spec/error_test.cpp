#include "spec/error.h"

#include "tests/support/catch.h"

using namespace effnet;
using spec::ErrorKind;

TEST_CASE("exit codes are the documented ones, and tell the kind back") {
  const std::pair<ErrorKind, int> documented[] = {{ErrorKind::kFailed, 1},      {ErrorKind::kUsage, 2},
                                                  {ErrorKind::kBadData, 3},     {ErrorKind::kEnvironment, 4},
                                                  {ErrorKind::kCheckFailed, 5}, {ErrorKind::kStopped, 75}};
  for (const auto& [kind, code] : documented) {
    CHECK(spec::exit_code(kind) == code);
    CHECK(spec::kind_of_exit_code(code) == kind);
  }
  for (const int other : {0, 6, 126, 127, 137}) CHECK_FALSE(spec::kind_of_exit_code(other));
}

TEST_CASE("an error says where, what and what to do") {
  const spec::Error error(ErrorKind::kBadData, "a.toml:3", "is wrong", "mend it");
  CHECK(std::string(error.what()) == "a.toml:3: is wrong\n  mend it");
  CHECK(std::string(spec::Error(ErrorKind::kFailed, "", "failed").what()) == "failed");
}
