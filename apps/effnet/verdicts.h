// What a job showed, in sentences with figures; a loss is said as plainly as a win.
#pragma once

#include <string>
#include <vector>

#include "apps/effnet/whole_job.h"

namespace effnet::apps {

std::vector<std::string> verdicts(const Plan& plan, const WholeJobResult& result);

}  // namespace effnet::apps
