// What an Error says, for tests of bad input.
#pragma once

#include <stdexcept>
#include <string>

#include "spec/error.h"
#include "tests/support/catch.h"

namespace effnet::tests {

template <class Work>
spec::Error error_of(Work&& work) {
  try {
    work();
  } catch (const spec::Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  throw std::logic_error("unreachable");
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace effnet::tests
