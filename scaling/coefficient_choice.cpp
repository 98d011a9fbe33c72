#include "scaling/coefficient_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "spec/error.h"

namespace effnet::scaling {
namespace {

struct Noise {
  double deviation = 0;  // of one run's accuracy, in points
  std::string source;
};

Noise pooled_noise(const std::vector<TrainedNet>& nets, double best_mean, std::int64_t holdout_pictures) {
  double squares = 0;
  std::size_t freedom = 0, most_seeds = 0;
  for (const TrainedNet& net : nets) {
    const double mean = net.mean_accuracy();
    for (const double accuracy : net.accuracies) squares += (accuracy - mean) * (accuracy - mean);
    if (!net.accuracies.empty()) freedom += net.accuracies.size() - 1;
    most_seeds = std::max(most_seeds, net.accuracies.size());
  }
  if (freedom > 0)
    return {std::sqrt(squares / static_cast<double>(freedom)), fmt::format("{} seeds a net", most_seeds)};
  const double share = std::clamp(best_mean / 100, 0.0, 1.0);
  const double pictures = static_cast<double>(std::max<std::int64_t>(holdout_pictures, 1));
  return {100 * std::sqrt(share * (1 - share) / pictures),
          fmt::format("held-out part of {} pictures", holdout_pictures)};
}

}  // namespace

double TrainedNet::mean_accuracy() const {
  if (accuracies.empty()) return 0;
  return std::accumulate(accuracies.begin(), accuracies.end(), 0.0) / static_cast<double>(accuracies.size());
}

CoefficientChoice choose(const std::vector<TrainedNet>& nets, std::int64_t holdout_pictures) {
  CoefficientChoice choice;
  double best_mean = -1;
  for (std::size_t i = 0; i < nets.size(); ++i) {
    if (nets[i].accuracies.empty() || nets[i].mean_accuracy() <= best_mean) continue;
    best_mean = nets[i].mean_accuracy();
    choice.winner = i;
  }
  if (best_mean < 0) {
    throw spec::Error(spec::ErrorKind::kFailed, "fit", "no net of the grid was trained to the end",
                      "see the reasons of the failed trials; a smaller learning rate or batch may help");
  }
  const Noise noise = pooled_noise(nets, best_mean, holdout_pictures);
  const auto variance_of_mean = [&](const TrainedNet& net) {
    return noise.deviation * noise.deviation / static_cast<double>(net.accuracies.size());
  };
  choice.noise_source = noise.source;
  choice.standard_error = std::sqrt(variance_of_mean(nets[choice.winner]));
  choice.within_noise.push_back(choice.winner);
  for (std::size_t i = 0; i < nets.size(); ++i) {
    if (i == choice.winner || nets[i].accuracies.empty()) continue;
    const double error_of_difference =
        std::sqrt(variance_of_mean(nets[i]) + variance_of_mean(nets[choice.winner]));
    if (best_mean - nets[i].mean_accuracy() <= 2 * error_of_difference) choice.within_noise.push_back(i);
  }
  return choice;
}

}  // namespace effnet::scaling
