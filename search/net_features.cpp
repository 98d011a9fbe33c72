#include "search/net_features.h"

#include <algorithm>
#include <cmath>

namespace effnet::search {
namespace {

double log_of(std::int64_t cost) {
  return std::log(static_cast<double>(std::max<std::int64_t>(cost, 1)));
}

bool are_numbers(const Dimension& dimension) {
  return std::all_of(dimension.values.begin(), dimension.values.end(),
                     [](const spec::ChoiceValue& value) { return std::holds_alternative<double>(value); });
}

bool are_positive(const Dimension& dimension) {
  return std::all_of(dimension.values.begin(), dimension.values.end(),
                     [](const spec::ChoiceValue& value) { return std::get<double>(value) > 0; });
}

}  // namespace

NetFeatures::NetFeatures(const Space& space) : dimensions_(space.dimensions()) {
  const auto scale = [&](spec::CostKind kind, auto cost) {
    return Scale{cost(space.extreme(kind, Extreme::kCheapest).cost),
                 cost(space.extreme(kind, Extreme::kLargest).cost)};
  };
  macs_ = scale(spec::CostKind::kMacs, [](const spec::Cost& cost) { return log_of(cost.macs); });
  params_ = scale(spec::CostKind::kParams, [](const spec::Cost& cost) { return log_of(cost.params); });
  activations_ =
      scale(spec::CostKind::kMacs, [](const spec::Cost& cost) { return log_of(cost.activations); });
}

std::vector<double> NetFeatures::of(const spec::Candidate& net) const {
  std::vector<double> features;
  for (const Dimension& dimension : dimensions_) {
    const spec::ChoiceValue& chosen = net.choices.at(dimension.name);
    if (!are_numbers(dimension)) {
      for (const spec::ChoiceValue& value : dimension.values) features.push_back(value == chosen ? 1 : -1);
      continue;
    }
    const auto position = [&](const spec::ChoiceValue& value) {
      const double number = std::get<double>(value);
      return are_positive(dimension) ? std::log(number) : number;
    };
    Scale scale{position(dimension.values.front()), position(dimension.values.front())};
    for (const spec::ChoiceValue& value : dimension.values) {
      scale.low = std::min(scale.low, position(value));
      scale.high = std::max(scale.high, position(value));
    }
    features.push_back(scale.at(position(chosen)));
  }
  features.push_back(macs_.at(log_of(net.cost.macs)));
  features.push_back(params_.at(log_of(net.cost.params)));
  features.push_back(activations_.at(log_of(net.cost.activations)));
  return features;
}

}  // namespace effnet::search
