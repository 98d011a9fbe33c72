#include "search/advantage.h"

#include <algorithm>
#include <cmath>

namespace effnet::search {
namespace {

constexpr double kDecay = 0.9;
constexpr double kMost = 3;

}  // namespace

double Advantage::of(std::optional<double> reward) {
  if (!reward) return told_ == 0 ? 0 : -kMost;
  if (told_++ == 0) {
    baseline_ = *reward;
    return 0;
  }
  const double distance = *reward - baseline_;
  const double weight = std::max(1 - kDecay, 1.0 / told_);
  variance_ += weight * (distance * distance - variance_);
  baseline_ += weight * distance;
  if (variance_ <= 0) return 0;
  return std::clamp(distance / std::sqrt(variance_), -kMost, kMost);
}

}  // namespace effnet::search
