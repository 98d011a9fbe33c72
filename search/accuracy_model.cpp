#include "search/accuracy_model.h"

#include <algorithm>
#include <cassert>

namespace effnet::search {
namespace {

constexpr std::size_t kMostPoints = 500;

}  // namespace

AccuracyModel AccuracyModel::fitted_to(const Space& space, const std::vector<Observation>& observations) {
  assert(!observations.empty());
  const NetFeatures features(space);
  std::vector<std::vector<double>> points;
  std::vector<double> values;
  const std::size_t count = std::min(observations.size(), kMostPoints);
  for (std::size_t i = 0; i < count; ++i) {
    const Observation& observation = observations[i * observations.size() / count];
    points.push_back(features.of(space.candidate(observation.net)));
    values.push_back(observation.accuracy);
  }
  const GaussianProcessSettings settings = fitted(points, values, {});
  return {space, GaussianProcess(std::move(points), values, settings)};
}

AccuracyModel::AccuracyModel(const Space& space, GaussianProcess process)
    : space_(space), features_(space), process_(std::move(process)) {}

std::vector<std::vector<double>> AccuracyModel::features_of(std::span<const spec::Choices> nets) const {
  std::vector<std::vector<double>> points;
  for (const spec::Choices& net : nets) points.push_back(features_.of(space_.candidate(net)));
  return points;
}

std::vector<double> AccuracyModel::means(std::span<const spec::Choices> nets) const {
  return process_.means_at(features_of(nets));
}

GaussianProcess::Belief AccuracyModel::of_sum(std::span<const spec::Choices> nets,
                                              std::span<const double> weights) const {
  return process_.of_sum(features_of(nets), weights);
}

}  // namespace effnet::search
