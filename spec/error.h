// The one exception type for what a user can cause: what was wrong, where, and what to do about it.
// A programmer's error is an assert, never an Error. The kind decides the exit code of every program.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace effnet::spec {

enum class ErrorKind {
  kFailed,       // the work itself failed                             exit 1
  kUsage,        // a flag, a command, a config file                   exit 2
  kBadData,      // a data, weight or result file                      exit 3
  kEnvironment,  // disk, permissions, a missing program or device     exit 4
  kCheckFailed,  // a check the user asked for did not hold            exit 5
  kStopped,      // a signal came; a good checkpoint lies on the disk  exit 75
};

int exit_code(ErrorKind kind);
std::optional<ErrorKind> kind_of_exit_code(int code);  // empty for 0 and for codes that no kind has

class Error : public std::runtime_error {
 public:
  // `where` is a file, file:line, flag or byte offset (may be empty); `advice` says what to do next (may be
  // empty). what() reads "where: message\n  advice".
  Error(ErrorKind kind, std::string_view where, std::string_view message, std::string_view advice = {});

  ErrorKind kind() const { return kind_; }
  const std::string& where() const { return where_; }
  const std::string& message() const { return message_; }
  const std::string& advice() const { return advice_; }

 private:
  ErrorKind kind_;
  std::string where_, message_, advice_;
};

}  // namespace effnet::spec
