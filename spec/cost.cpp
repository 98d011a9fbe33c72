#include "spec/cost.h"

#include <fmt/format.h>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::spec {

std::string_view to_text(CostKind kind) {
  return kind == CostKind::kMacs ? "macs" : kind == CostKind::kParams ? "params" : "activations";
}

CostKind parse_cost_kind(std::string_view text, std::string_view where) {
  for (const CostKind kind : kCostKinds) {
    if (to_text(kind) == text) return kind;
  }
  throw Error(ErrorKind::kUsage, where, fmt::format("unknown cost '{}'", text),
              did_you_mean(text, {"macs", "params", "activations"}));
}

}  // namespace effnet::spec
