#include "search/limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace effnet::search {

Limits tighter(const Limits& a, const Limits& b) {
  return {.min_macs = std::max(a.min_macs, b.min_macs),
          .max_macs = std::min(a.max_macs, b.max_macs),
          .min_params = std::max(a.min_params, b.min_params),
          .max_params = std::min(a.max_params, b.max_params),
          .min_activations = std::max(a.min_activations, b.min_activations),
          .max_activations = std::min(a.max_activations, b.max_activations)};
}

std::string to_text(const Limits& limits) {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view relation, std::int64_t value) {
    text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", name, relation, value);
  };
  if (limits.min_macs > 0) add("macs", ">=", limits.min_macs);
  if (limits.max_macs != Limits::kNone) add("macs", "<=", limits.max_macs);
  if (limits.min_params > 0) add("params", ">=", limits.min_params);
  if (limits.max_params != Limits::kNone) add("params", "<=", limits.max_params);
  if (limits.min_activations > 0) add("activations", ">=", limits.min_activations);
  if (limits.max_activations != Limits::kNone) add("activations", "<=", limits.max_activations);
  return text;
}

}  // namespace effnet::search
