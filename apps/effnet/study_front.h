// The front of a stored study: the nets that no other of its trials beats in accuracy and the objective's costs.
#pragma once

#include <string>

#include "report/study_export.h"
#include "search/pareto_scale.h"

namespace effnet::apps {

struct StudyFront {
  std::vector<search::TrialResult> nets;
  search::ParetoScale scale;  // of the study's space; of its own trials where it names none
  bool of_space = false;
  double hypervolume = 0;
};

StudyFront study_front(const report::StudyTrials& study);

// For a terminal; "" where no trial was scored.
std::string front_text(const report::StudyTrials& study);
// {"costs", "nets", "hypervolume", "reference"}; "null" where no trial was scored.
std::string front_json(const report::StudyTrials& study);

// The parts of such JSON: nets as they are listed, and the reference point.
std::string front_net_json(const search::TrialResult& trial);
std::string reference_json(const search::ParetoScale& scale);

}  // namespace effnet::apps
