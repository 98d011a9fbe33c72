// What trials say about nets that were not tried: a Gaussian process over the features of a space's nets, fitted to the
// accuracies of the trials.
#pragma once

#include <span>
#include <vector>

#include "search/gaussian_process.h"
#include "search/net_features.h"
#include "search/space.h"

namespace effnet::search {

class AccuracyModel {
 public:
  struct Observation {
    spec::Choices net;
    double accuracy = 0;  // in the unit that beliefs are wanted in: percent for explanations
  };

  // At least one observation; of more than 500, evenly spread 500 are used. The space must outlive the model.
  static AccuracyModel fitted_to(const Space& space, const std::vector<Observation>& observations);

  AccuracyModel(const Space& space, GaussianProcess process);

  std::vector<double> means(std::span<const spec::Choices> nets) const;

  // Of the weighted sum of the nets' accuracies; one run's noise is not in it.
  GaussianProcess::Belief of_sum(std::span<const spec::Choices> nets, std::span<const double> weights) const;

  double noise_deviation() const { return process_.noise_deviation(); }  // of one run
  const Space& space() const { return space_; }

 private:
  std::vector<std::vector<double>> features_of(std::span<const spec::Choices> nets) const;

  const Space& space_;
  NetFeatures features_;
  GaussianProcess process_;
};

}  // namespace effnet::search
