// effnet search --calibrate: may this search trust its short training?
#pragma once

#include "apps/effnet/search_step.h"
#include "search/calibration.h"

namespace effnet::apps {

struct CalibrationFlags {
  int nets = 0;         // 0: no calibration
  int long_epochs = 0;  // 0: four times the search's own
};

// Trains the nets in the folder, short and long, and returns what came of it; goes on where the store in `folder` ends.
search::Calibration run_calibration(const SearchStep& step, const CalibrationFlags& flags,
                                    const search::Space& space, const std::filesystem::path& folder,
                                    const std::atomic<bool>& stop);

std::string calibration_text(const search::Calibration& calibration);  // for a terminal
std::string calibration_json(const search::Calibration& calibration);

}  // namespace effnet::apps
