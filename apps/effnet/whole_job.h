// The whole job of a plan: bill, search, fit, family, rivals, training, charts, report. Each step leaves its result in
// the output folder and is not done twice, so the job can be killed at any moment and goes on where it was.
//
//   plan.toml recipe.toml bill.json      fixed at the first start
//   search/ fit/                         trial stores, logs
//   baseline.toml coefficients.toml      what was found
//   b0.toml .. bN.toml                   the family
//   nets/                                the files of all nets trained for the chart
//   runs/NAME/                           a run folder a net (runs/NAME-seedK when there are several seeds)
//   results.csv chart.{html,svg,png} chart-macs.* report.html
#pragma once

#include <atomic>
#include <filesystem>

#include "apps/effnet/bill.h"
#include "apps/effnet/plan.h"
#include "search/baseline_search.h"
#include "search/coefficient_fit.h"
#include "search/rank_agreement.h"
#include "spec/run_record.h"

namespace effnet::apps {

struct WholeJobResult {
  Bill bill;
  std::vector<BillRow> actual;
  search::BaselineSearchResult search;
  search::CoefficientFitResult fit;
  std::optional<search::RankAgreement> rank_check;
  std::vector<spec::NamedNet> family;
  std::vector<spec::RunRecord> records;
  std::vector<std::string> failures;  // nets of the chart that could not be trained, and why
};

// Prints the plan and its bill first (to stderr: stdout is for results), then a live line. Error{kStopped} when `stop` was raised.
WholeJobResult run_whole_job(const Plan& plan, const std::filesystem::path& output,
                             const std::atomic<bool>& stop);

}  // namespace effnet::apps
