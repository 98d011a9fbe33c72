// What a net costs, counted from its spec (no framework): see scaling/cost_model.h for the rules of counting.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace effnet::spec {

struct Cost {
  std::int64_t params = 0;  // without batch norm's running statistics
  std::int64_t macs = 0;  // multiply-adds of convolutions, squeeze-and-excite and classifier, for one picture
  std::int64_t activations = 0;  // output elements of all convolutions and of the classifier
  std::int64_t bn_buffers = 0;   // running mean and variance
  std::int64_t latency_ns = 0;   // of one picture, by a table of measured parts; 0 where there is none

  Cost& operator+=(const Cost& other) {
    params += other.params;
    macs += other.macs;
    activations += other.activations;
    bn_buffers += other.bn_buffers;
    latency_ns += other.latency_ns;
    return *this;
  }
  bool operator==(const Cost&) const = default;
};

// Which of the costs a target, a limit or a comparison looks at.
enum class CostKind { kMacs, kParams, kActivations, kLatency };
inline constexpr std::array kCountedCosts{CostKind::kMacs, CostKind::kParams, CostKind::kActivations};
inline constexpr std::array kCostKinds{CostKind::kMacs, CostKind::kParams, CostKind::kActivations,
                                       CostKind::kLatency};

inline std::int64_t cost_of(const Cost& cost, CostKind kind) {
  switch (kind) {
    case CostKind::kMacs:
      return cost.macs;
    case CostKind::kParams:
      return cost.params;
    case CostKind::kActivations:
      return cost.activations;
    case CostKind::kLatency:
      return cost.latency_ns;
  }
  return 0;
}

std::string_view to_text(CostKind kind);  // "macs", "params", "activations", "latency_ns"
CostKind parse_cost_kind(std::string_view text, std::string_view where);  // Error{kUsage}
// One that follows from the net alone: no latency.
CostKind parse_counted_cost(std::string_view text, std::string_view where);  // Error{kUsage}

}  // namespace effnet::spec
