// The space of tests/support/known_space.h as a search sees it.
#pragma once

#include "search/space.h"
#include "tests/support/known_space.h"

namespace effnet::tests {

inline search::Space known_space() {
  return search::Space::parse(kKnownSpace, "known.toml");
}

inline double known_accuracy(const spec::Choices& net) {
  const auto number = [&](const char* choice) { return std::get<double>(net.at(choice)); };
  return known_accuracy(number("stage1.kernel"), number("stage2.se"), number("stage3.kernel"));
}

}  // namespace effnet::tests
