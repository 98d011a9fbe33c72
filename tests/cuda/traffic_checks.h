// What a kernel moved must be its model's bytes and no more.
#pragma once

#include "tests/cuda/traffic.h"
#include "tests/support/catch.h"

namespace effnet::tests {

// A row of a part may begin within a sector.
inline void check_bytes(const CountedTraffic& traffic) {
  CHECK(traffic.ratio() >= 0.999);
  CHECK(traffic.ratio() <= 1.005);
}

}  // namespace effnet::tests
