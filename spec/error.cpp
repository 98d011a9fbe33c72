#include "spec/error.h"

namespace effnet::spec {
namespace {

std::string sentence(std::string_view where, std::string_view message, std::string_view advice) {
  std::string text;
  if (!where.empty()) text.append(where).append(": ");
  text.append(message);
  if (!advice.empty()) text.append("\n  ").append(advice);
  return text;
}

}  // namespace

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kFailed:
      return 1;
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kBadData:
      return 3;
    case ErrorKind::kEnvironment:
      return 4;
    case ErrorKind::kCheckFailed:
      return 5;
    case ErrorKind::kStopped:
      return 75;
  }
  return 1;
}

Error::Error(ErrorKind kind, std::string_view where, std::string_view message, std::string_view advice)
    : std::runtime_error(sentence(where, message, advice)),
      kind_(kind),
      where_(where),
      message_(message),
      advice_(advice) {}

}  // namespace effnet::spec
