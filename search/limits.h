// What a member of a space may cost. Both ends are allowed values.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "spec/cost.h"

namespace effnet::search {

struct Limits {
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

  std::int64_t min_macs = 0, max_macs = kNone;
  std::int64_t min_params = 0, max_params = kNone;
  std::int64_t min_activations = 0, max_activations = kNone;
  std::int64_t min_latency_ns = 0, max_latency_ns = kNone;

  bool operator==(const Limits&) const = default;

  std::int64_t& least(spec::CostKind kind);
  std::int64_t& most(spec::CostKind kind);
  std::int64_t least(spec::CostKind kind) const { return Limits(*this).least(kind); }
  std::int64_t most(spec::CostKind kind) const { return Limits(*this).most(kind); }

  bool limits(spec::CostKind kind) const { return least(kind) > 0 || most(kind) != kNone; }
  bool contain(const spec::Cost& cost) const;
};

Limits tighter(const Limits& a, const Limits& b);  // what both allow
std::string to_text(const Limits& limits);         // "macs <= 4000000, params >= 1000"; "" without limits

}  // namespace effnet::search
