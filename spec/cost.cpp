#include "spec/cost.h"

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::spec {
namespace {

CostKind parse_one_of(std::span<const CostKind> kinds, std::string_view text, std::string_view where) {
  std::vector<std::string> known;
  for (const CostKind kind : kinds) {
    if (to_text(kind) == text) return kind;
    known.emplace_back(to_text(kind));
  }
  throw Error(ErrorKind::kUsage, where, fmt::format("unknown cost '{}'", text), did_you_mean(text, known));
}

}  // namespace

std::string_view to_text(CostKind kind) {
  switch (kind) {
    case CostKind::kMacs:
      return "macs";
    case CostKind::kParams:
      return "params";
    case CostKind::kActivations:
      return "activations";
    case CostKind::kLatency:
      return "latency_ns";
  }
  return {};
}

CostKind parse_cost_kind(std::string_view text, std::string_view where) {
  return parse_one_of(kCostKinds, text, where);
}

CostKind parse_counted_cost(std::string_view text, std::string_view where) {
  return parse_one_of(kCountedCosts, text, where);
}

}  // namespace effnet::spec
