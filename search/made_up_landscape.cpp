#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>

#include "search/builtin_spaces.h"
#include "search/landscape.h"

namespace effnet::search {
namespace {

constexpr double kTarget = 3e8;  // multiply-adds; B0, a member, has 3.9e8
constexpr double kMainEffect = 0.35, kPairEffect = 0.15, kTripleEffect = 0.1, kRunDeviation = 0.25;  // points
constexpr int kPairs = 40, kTriples = 20;

// Box and Muller.
double normal(spec::RandomStream& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

// What the values of some dimensions are worth together: one number a combination.
struct Interaction {
  std::vector<std::size_t> dimensions;
  std::vector<double> points;
};

class DrawnAccuracy {
 public:
  DrawnAccuracy(const Space& space, std::uint64_t seed) : dimensions_(space.dimensions()) {
    spec::RandomStream random(spec::derive_seed(seed, "made-up landscape"));
    for (std::size_t d = 0; d < dimensions_.size(); ++d) draw({d}, kMainEffect, random);
    for (int i = 0; i < kPairs; ++i) draw(different(2, random), kPairEffect, random);
    for (int i = 0; i < kTriples; ++i) draw(different(3, random), kTripleEffect, random);
  }

  double operator()(const spec::Candidate& net) const {
    std::vector<std::size_t> chosen;
    for (const auto& [name, values] : dimensions_) {
      const auto value = std::find(values.begin(), values.end(), net.choices.at(name));
      chosen.push_back(static_cast<std::size_t>(value - values.begin()));
    }
    double points = 75 + 4 * saturating(static_cast<double>(net.cost.macs) / kTarget) +
                    2 * saturating(static_cast<double>(net.cost.params) / 4e6);
    for (const Interaction& interaction : interactions_) {
      std::size_t index = 0;
      for (const std::size_t d : interaction.dimensions)
        index = index * dimensions_[d].values.size() + chosen[d];
      points += interaction.points[index];
    }
    return points;
  }

 private:
  static double saturating(double size) { return 1 - std::exp(-2 * size); }

  void draw(std::vector<std::size_t> dimensions, double deviation, spec::RandomStream& random) {
    std::size_t combinations = 1;
    for (const std::size_t d : dimensions) combinations *= dimensions_[d].values.size();
    Interaction interaction{std::move(dimensions), {}};
    for (std::size_t i = 0; i < combinations; ++i) interaction.points.push_back(deviation * normal(random));
    interactions_.push_back(std::move(interaction));
  }

  std::vector<std::size_t> different(std::size_t count, spec::RandomStream& random) const {
    std::vector<std::size_t> all(dimensions_.size());
    for (std::size_t d = 0; d < all.size(); ++d) all[d] = d;
    random.shuffle(all);
    all.resize(count);
    return all;
  }

  std::vector<Dimension> dimensions_;
  std::vector<Interaction> interactions_;
};

// Steepest ascent over single changes and over pairs of changes, from random starts: nothing that a strategy could find
// by luck is known to be better.
double best_reward_found(const Landscape& landscape) {
  constexpr int kClimbs = 40;
  const Space& space = landscape.space;
  const auto reward_of = [&](const spec::Choices& choices) {
    const spec::Candidate net = space.candidate(choices);
    return reward(landscape.objective, landscape.accuracy(net) / 100, net.cost).value_or(0);
  };
  const auto climb = [&](spec::Choices from, double& height, bool pairs) {
    for (bool moved = true; moved;) {
      moved = false;
      const spec::Choices start = from;
      for (const spec::Choices& one : space.neighbours(start)) {
        for (const spec::Choices& next : pairs ? space.neighbours(one) : std::vector{one}) {
          const double value = reward_of(next);
          if (value <= height) continue;
          height = value;
          from = next;
          moved = true;
        }
      }
    }
    return from;
  };
  spec::RandomStream random(1);
  std::pair<double, spec::Choices> best;
  for (int i = 0; i < kClimbs; ++i) {
    double height = 0;
    spec::Choices top = climb(space.sample(random), height, false);
    if (height > best.first) best = {height, std::move(top)};
  }
  climb(best.second, best.first, true);
  return best.first;
}

}  // namespace

Landscape made_up_landscape(std::uint64_t seed) {
  Space space = builtin_space("b0-small");
  const auto accuracy = std::make_shared<const DrawnAccuracy>(space, seed);
  const Objective objective = one_cost(ObjectiveForm::kHard, kTarget);
  Landscape landscape{"made-up",
                      std::move(space),
                      objective,
                      [accuracy](const spec::Candidate& net) { return (*accuracy)(net); },
                      [accuracy](const spec::Candidate& net, std::uint64_t run) {
                        spec::RandomStream random(run);
                        return (*accuracy)(net) + kRunDeviation * normal(random);
                      },
                      0};
  landscape.best_reward = best_reward_found(landscape);
  return landscape;
}

}  // namespace effnet::search
