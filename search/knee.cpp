#include "search/knee.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace effnet::search {
namespace {

double log_cost(const spec::Cost& cost, spec::CostKind kind) {
  return std::log(static_cast<double>(spec::cost_of(cost, kind)));
}

}  // namespace

Knee::Knee(std::span<const Tradeoff> front, std::vector<spec::CostKind> costs) : kinds_(std::move(costs)) {
  assert(!front.empty());
  const auto axis = [&](auto&& value_of) {
    Axis range{value_of(front.front()), value_of(front.front())};
    for (const Tradeoff& net : front) {
      range.low = std::min(range.low, value_of(net));
      range.high = std::max(range.high, value_of(net));
    }
    return range;
  };
  accuracy_ = axis([](const Tradeoff& net) { return net.accuracy; });
  for (const spec::CostKind kind : kinds_)
    costs_.push_back(axis([kind](const Tradeoff& net) { return log_cost(net.cost, kind); }));
}

double Knee::height(double accuracy, const spec::Cost& cost) const {
  double spent = 0;
  for (std::size_t i = 0; i < kinds_.size(); ++i) spent += costs_[i].at(log_cost(cost, kinds_[i]));
  return accuracy_.at(accuracy) - spent / static_cast<double>(kinds_.size());
}

std::vector<std::size_t> nearest_the_knee(std::span<const Tradeoff> nets,
                                          const std::vector<spec::CostKind>& costs, std::size_t count) {
  std::vector<std::size_t> front = unbeaten(nets, costs);
  if (front.empty()) return front;
  std::vector<Tradeoff> on_front;
  for (const std::size_t net : front) on_front.push_back(nets[net]);
  const Knee knee(on_front, costs);
  const auto height = [&](std::size_t net) { return knee.height(nets[net].accuracy, nets[net].cost); };
  std::stable_sort(front.begin(), front.end(),
                   [&](std::size_t a, std::size_t b) { return height(a) > height(b); });
  if (front.size() > count) front.resize(count);
  return front;
}

}  // namespace effnet::search
