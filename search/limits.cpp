#include "search/limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace effnet::search {

using spec::CostKind;

std::int64_t& Limits::least(CostKind kind) {
  return kind == CostKind::kMacs          ? min_macs
         : kind == CostKind::kParams      ? min_params
         : kind == CostKind::kActivations ? min_activations
                                          : min_latency_ns;
}

std::int64_t& Limits::most(CostKind kind) {
  return kind == CostKind::kMacs          ? max_macs
         : kind == CostKind::kParams      ? max_params
         : kind == CostKind::kActivations ? max_activations
                                          : max_latency_ns;
}

bool Limits::contain(const spec::Cost& cost) const {
  return std::ranges::all_of(spec::kCostKinds, [&](CostKind kind) {
    const std::int64_t value = spec::cost_of(cost, kind);
    return value >= least(kind) && value <= most(kind);
  });
}

Limits tighter(const Limits& a, const Limits& b) {
  Limits both;
  for (const CostKind kind : spec::kCostKinds) {
    both.least(kind) = std::max(a.least(kind), b.least(kind));
    both.most(kind) = std::min(a.most(kind), b.most(kind));
  }
  return both;
}

std::string to_text(const Limits& limits) {
  std::string text;
  const auto add = [&](CostKind kind, std::string_view relation, std::int64_t value) {
    text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", spec::to_text(kind), relation, value);
  };
  for (const CostKind kind : spec::kCostKinds) {
    if (limits.least(kind) > 0) add(kind, ">=", limits.least(kind));
    if (limits.most(kind) != Limits::kNone) add(kind, "<=", limits.most(kind));
  }
  return text;
}

}  // namespace effnet::search
