// What a member of a space may cost. Both ends are allowed values.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "spec/cost.h"

namespace effnet::search {

struct Limits {
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

  std::int64_t min_macs = 0;
  std::int64_t max_macs = kNone;
  std::int64_t min_params = 0;
  std::int64_t max_params = kNone;
  std::int64_t min_activations = 0;
  std::int64_t max_activations = kNone;

  bool operator==(const Limits&) const = default;

  bool contain(const spec::Cost& cost) const {
    return cost.macs >= min_macs && cost.macs <= max_macs && cost.params >= min_params &&
           cost.params <= max_params && cost.activations >= min_activations &&
           cost.activations <= max_activations;
  }
};

Limits tighter(const Limits& a, const Limits& b);  // what both allow
std::string to_text(const Limits& limits);         // "macs <= 4000000, params >= 1000"; "" without limits

}  // namespace effnet::search
