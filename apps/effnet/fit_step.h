// The fit of alpha, beta, gamma as a step: of the command `effnet fit` and of the whole job.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "apps/effnet/progress.h"
#include "apps/effnet/study_command.h"
#include "search/coefficient_fit.h"

namespace effnet::apps {

struct FitStep {
  search::CoefficientFitConfig config;
  StudyChildren children;
};

std::string identity_json(const FitStep& step, const spec::Recipe& recipe);

void add_fit_phase(Progress& progress, double seconds);  // "fit"

// Goes on where the store in `folder` ends, and writes folder/coefficients.toml.
search::CoefficientFitResult run_fit_step(const FitStep& step, const std::filesystem::path& folder,
                                          Progress& progress, const std::atomic<bool>& stop);

std::string points_summary(const search::CoefficientFitConfig& config);  // what would be trained
std::string points_json(const search::CoefficientFitConfig& config);
std::string fit_summary(const scaling::CoefficientFile& file, const scaling::CoefficientChoice& choice);
std::string fit_json(const scaling::CoefficientFile& file, const scaling::CoefficientChoice& choice);

}  // namespace effnet::apps
