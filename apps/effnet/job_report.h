// What a finished job leaves for its reader: results.csv, the charts, and report.html, one page that says what was
// found, beside what, at what cost, and how sure that is.
#pragma once

#include <filesystem>
#include <string>

#include "apps/effnet/whole_job.h"

namespace effnet::apps {

void write_job_files(const Plan& plan, const WholeJobResult& result, const std::filesystem::path& folder);

// For the terminal: the table of nets, the verdicts, the bill beside what it came to.
std::string job_summary(const Plan& plan, const WholeJobResult& result);

// The same as JSON: baseline, coefficients, the nets' records, the verdicts, the bill.
std::string job_json(const Plan& plan, const WholeJobResult& result);

}  // namespace effnet::apps
