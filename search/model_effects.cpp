#include "search/model_effects.h"

#include <algorithm>
#include <cmath>

namespace effnet::search {
namespace {

constexpr int kNets = 64;      // that values are put into
constexpr int kPairNets = 16;  // that pairs of values are

Interval interval(const GaussianProcess::Belief& belief) {
  constexpr double k95 = 1.96;
  return {belief.mean, belief.mean - k95 * belief.deviation, belief.mean + k95 * belief.deviation};
}

std::vector<spec::Choices> random_nets(const Space& space, int count) {
  spec::RandomStream random(1);
  std::vector<spec::Choices> nets;
  for (int i = 0; i < count; ++i) nets.push_back(space.sample(random));
  return nets;
}

// The nets with each value of the dimension: value after value, net after net.
std::vector<spec::Choices> with_each_value(const std::vector<spec::Choices>& nets,
                                           const Dimension& dimension) {
  std::vector<spec::Choices> changed;
  for (const spec::ChoiceValue& value : dimension.values) {
    for (spec::Choices net : nets) {
      net[dimension.name] = value;
      changed.push_back(std::move(net));
    }
  }
  return changed;
}

// Of such a list: group `wanted` less the mean of all `groups`.
std::vector<double> against_the_mean(std::size_t wanted, std::size_t groups, std::size_t each) {
  const double all = static_cast<double>(groups * each);
  std::vector<double> weights(groups * each, -1 / all);
  for (std::size_t i = 0; i < each; ++i) weights[wanted * each + i] += 1 / static_cast<double>(each);
  return weights;
}

double weighted(const std::vector<double>& values, const std::vector<double>& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += weights[i] * values[i];
  return sum;
}

std::vector<double> log_costs(const Space& space, const std::vector<spec::Choices>& nets,
                              spec::CostKind kind) {
  std::vector<double> logs;
  for (const spec::Choices& net : nets)
    logs.push_back(std::log(static_cast<double>(spec::cost_of(space.candidate(net).cost, kind))));
  return logs;
}

// All combinations of two dimensions' values in the same nets, and the weights of one combination's interaction.
struct Pair {
  const Dimension *first, *second;
  std::vector<spec::Choices> nets;

  Pair(const std::vector<spec::Choices>& in, const Dimension& a, const Dimension& b)
      : first(&a), second(&b), nets(with_each_value(with_each_value(in, a), b)) {}

  // with_each_value twice: b's value outermost, then a's, then the net.
  std::vector<double> weights(std::size_t a, std::size_t b, std::size_t each) const {
    const std::size_t as = first->values.size(), bs = second->values.size();
    std::vector<double> weights;
    for (std::size_t j = 0; j < bs; ++j) {
      for (std::size_t i = 0; i < as; ++i) {
        const double weight = ((i == a ? 1.0 : 0.0) - 1.0 / static_cast<double>(as)) *
                              ((j == b ? 1.0 : 0.0) - 1.0 / static_cast<double>(bs));
        weights.insert(weights.end(), each, weight / static_cast<double>(each));
      }
    }
    return weights;
  }
};

}  // namespace

double DimensionEffect::spread() const {
  const auto [low, high] = std::minmax_element(
      values.begin(), values.end(),
      [](const ValueEffect& a, const ValueEffect& b) { return a.accuracy.mean < b.accuracy.mean; });
  return high->accuracy.mean - low->accuracy.mean;
}

std::vector<DimensionEffect> main_effects(const AccuracyModel& model, spec::CostKind cost) {
  const std::vector<spec::Choices> nets = random_nets(model.space(), kNets);
  std::vector<DimensionEffect> effects;
  for (const Dimension& dimension : model.space().dimensions()) {
    const std::vector<spec::Choices> changed = with_each_value(nets, dimension);
    const std::vector<double> costs = log_costs(model.space(), changed, cost);
    DimensionEffect effect{dimension.name, {}};
    for (std::size_t v = 0; v < dimension.values.size(); ++v) {
      const std::vector<double> weights = against_the_mean(v, dimension.values.size(), nets.size());
      effect.values.push_back({dimension.values[v], interval(model.of_sum(changed, weights)),
                               std::exp(weighted(costs, weights))});
    }
    effects.push_back(std::move(effect));
  }
  std::stable_sort(effects.begin(), effects.end(), [](const DimensionEffect& a, const DimensionEffect& b) {
    return a.spread() > b.spread();
  });
  return effects;
}

std::vector<std::vector<double>> main_effect_means(const AccuracyModel& model) {
  const std::vector<spec::Choices> nets = random_nets(model.space(), kNets);
  std::vector<std::vector<double>> rows;
  for (const Dimension& dimension : model.space().dimensions()) {
    const std::vector<double> means = model.means(with_each_value(nets, dimension));
    std::vector<double>& row = rows.emplace_back();
    for (std::size_t v = 0; v < dimension.values.size(); ++v)
      row.push_back(weighted(means, against_the_mean(v, dimension.values.size(), nets.size())));
  }
  return rows;
}

std::vector<Interaction> interactions(const AccuracyModel& model, std::size_t count) {
  struct Found {
    Pair pair;
    std::size_t first_value = 0, second_value = 0;
    double strength = -1;
  };
  const std::vector<spec::Choices> nets = random_nets(model.space(), kPairNets);
  const std::vector<Dimension>& dimensions = model.space().dimensions();
  std::vector<Found> strongest;  // at most `count`, the strongest first
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    for (std::size_t e = d + 1; e < dimensions.size(); ++e) {
      Found found{Pair(nets, dimensions[d], dimensions[e])};
      const std::vector<double> means = model.means(found.pair.nets);
      for (std::size_t a = 0; a < dimensions[d].values.size(); ++a) {
        for (std::size_t b = 0; b < dimensions[e].values.size(); ++b) {
          const double strength = std::abs(weighted(means, found.pair.weights(a, b, nets.size())));
          if (strength <= found.strength) continue;
          found.first_value = a;
          found.second_value = b;
          found.strength = strength;
        }
      }
      const auto place = std::find_if(strongest.begin(), strongest.end(),
                                      [&](const Found& other) { return other.strength < found.strength; });
      strongest.insert(place, std::move(found));
      if (strongest.size() > count) strongest.pop_back();
    }
  }
  std::vector<Interaction> result;
  for (const Found& found : strongest) {
    const Pair& pair = found.pair;
    result.push_back({pair.first->name, pair.second->name, pair.first->values[found.first_value],
                      pair.second->values[found.second_value],
                      interval(model.of_sum(
                          pair.nets, pair.weights(found.first_value, found.second_value, nets.size())))});
  }
  return result;
}

std::vector<SingleChange> single_changes(const AccuracyModel& model, const spec::Choices& net) {
  std::vector<SingleChange> changes;
  for (const Dimension& dimension : model.space().dimensions()) {
    for (const spec::ChoiceValue& value : dimension.values) {
      if (value == net.at(dimension.name)) continue;
      spec::Choices changed = net;
      changed[dimension.name] = value;
      spec::Candidate candidate = model.space().candidate(changed);
      if (!model.space().within_limits(candidate.cost)) continue;
      const std::vector<spec::Choices> both{net, changed};
      const std::vector<double> weights{-1, 1};
      changes.push_back({dimension.name, net.at(dimension.name), value, interval(model.of_sum(both, weights)),
                         std::move(candidate)});
    }
  }
  return changes;
}

}  // namespace effnet::search
