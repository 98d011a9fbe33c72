// The error that a call throws, for tests that read its words.
#pragma once

#include <functional>

#include "spec/error.h"
#include "tests/support/catch.h"

namespace effnet::tests {

inline spec::Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const spec::Error& error) {
    return error;
  }
  FAIL("no spec::Error was thrown");
  return spec::Error(spec::ErrorKind::kFailed, "", "");
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace effnet::tests
