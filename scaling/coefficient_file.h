// coefficients.toml: the rule a fit chose, for which baseline, and everything the choice was made from, so
// that it can be made again from the file alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "scaling/coefficient_choice.h"
#include "spec/net_file.h"

namespace effnet::scaling {

struct CoefficientFile {
  spec::NamedNet baseline;
  CompoundRule rule;
  spec::CostKind cost_kind = spec::CostKind::kMacs;
  double cost_spread = 0.05;  // the trained nets' costs lie within this of each other
  std::int64_t holdout_pictures = 0;
  std::vector<TrainedNet> nets;  // may be empty for a rule written by hand
};

std::string coefficients_toml(const CoefficientFile& file);

// [baseline], [[net]] and everything but alpha, beta, gamma are optional when a file is written by hand.
CoefficientFile read_coefficients(const std::filesystem::path& file);
CoefficientFile parse_coefficients(std::string_view toml, std::string_view where);

// Error{kUsage} when the file was fitted for another net than `baseline`.
void check_baseline(const CoefficientFile& file, const spec::ArchSpec& baseline, std::string_view where);

}  // namespace effnet::scaling
