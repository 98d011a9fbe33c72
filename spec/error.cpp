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

std::optional<ErrorKind> kind_of_exit_code(int code) {
  for (const ErrorKind kind : {ErrorKind::kFailed, ErrorKind::kUsage, ErrorKind::kBadData,
                               ErrorKind::kEnvironment, ErrorKind::kCheckFailed, ErrorKind::kStopped}) {
    if (exit_code(kind) == code) return kind;
  }
  return std::nullopt;
}

Error::Error(ErrorKind kind, std::string_view where, std::string_view message, std::string_view advice)
    : std::runtime_error(sentence(where, message, advice)),
      kind_(kind),
      where_(where),
      message_(message),
      advice_(advice) {}

}  // namespace effnet::spec
