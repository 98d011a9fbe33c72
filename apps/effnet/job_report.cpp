#include "apps/effnet/job_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/explained_study.h"
#include "apps/effnet/fit_step.h"
#include "apps/effnet/search_step.h"
#include "apps/effnet/stored_studies.h"
#include "apps/effnet/verdicts.h"
#include "apps/live_line.h"
#include "report/accuracy_chart.h"
#include "report/chart_files.h"
#include "report/explanation_page.h"
#include "report/explanation_tables.h"
#include "report/explanation_words.h"
#include "report/grid_chart.h"
#include "report/number_text.h"
#include "report/page.h"
#include "report/row_table.h"
#include "report/search_chart.h"
#include "spec/atomic_file.h"

namespace effnet::apps {
namespace {

using report::ChartFormat;

report::SearchArm arm_of(std::string name, const std::vector<search::TrialResult>& trials) {
  report::SearchArm arm{std::move(name), {}};
  for (const search::TrialResult& trial : trials) {
    const std::string what =
        trial.outcome.scored()
            ? fmt::format("{:.2f} %, {} MACs", trial.outcome.accuracy,
                          report::short_count(static_cast<double>(trial.trial.candidate.cost.macs)))
            : std::string(spec::to_text(trial.outcome.kind)) + ": " + trial.outcome.message;
    arm.trials.push_back({trial.trial.number, trial.reward, what});
  }
  return arm;
}

std::string search_specification(const WholeJobResult& result) {
  std::vector<report::SearchArm> arms{arm_of("search", result.search.search)};
  if (!result.search.random.empty()) arms.push_back(arm_of("random arm", result.search.random));
  return report::search_chart(arms);
}

std::string grid_specification(const WholeJobResult& result) {
  std::vector<report::GridPoint> points;
  const auto& near = result.fit.choice.within_noise;
  for (std::size_t i = 0; i < result.fit.file.nets.size(); ++i) {
    const scaling::TrainedNet& net = result.fit.file.nets[i];
    if (net.accuracies.empty()) continue;
    const scaling::CompoundRule& rule = net.net.rules.front();
    report::GridPoint point{.alpha = rule.alpha,
                            .beta = rule.beta,
                            .gamma = rule.gamma,
                            .cost_ratio = net.net.cost_ratio,
                            .accuracy = net.mean_accuracy()};
    if (net.accuracies.size() > 1) {
      const auto [low, high] = std::minmax_element(net.accuracies.begin(), net.accuracies.end());
      point.low = *low;
      point.high = *high;
    }
    if (i == result.fit.choice.winner)
      point.standing = report::GridStanding::kWinner;
    else if (std::find(near.begin(), near.end(), i) != near.end())
      point.standing = report::GridStanding::kWithinNoise;
    point.note = fmt::format("{} grid points round to this net", net.net.rules.size());
    points.push_back(point);
  }
  report::GridChart chart;
  chart.noise = 2 * result.fit.choice.standard_error;
  return report::grid_chart(points, chart);
}

report::TextTable bill_table(const WholeJobResult& result) {
  const auto right = report::Align::kRight;
  report::TextTable table(
      {{"phase"}, {"nets", right}, {"pictures", right}, {"predicted", right}, {"actual", right}});
  for (const BillRow& row : result.bill.rows) {
    const auto done = std::find_if(result.actual.begin(), result.actual.end(),
                                   [&](const BillRow& a) { return a.phase == row.phase; });
    table.add_row({row.phase, fmt::format("{}", row.nets),
                   report::short_count(static_cast<double>(row.pictures)), duration_text(row.seconds),
                   done == result.actual.end() ? "-" : duration_text(done->seconds)});
  }
  return table;
}

std::string accuracy_specification(const std::vector<report::ChartRow>& rows, report::ChartX x,
                                   const Plan& plan) {
  report::AccuracyChart chart;
  chart.x = x;
  chart.title = fmt::format("{}: accuracy against {}", plan.name,
                            x == report::ChartX::kParams ? "parameters" : "multiply-adds");
  return report::accuracy_chart(rows, chart);
}

std::string page(const Plan& plan, const WholeJobResult& result, const std::vector<report::ChartRow>& rows,
                 const search::Explanation& why) {
  report::Page page;
  page.title = fmt::format("{}: a baseline, its family, and what it is worth", plan.name);
  page.lead = fmt::format(
      "{} pictures of {} were held out for every score; the test set was read once a net, at the end. {} "
      "seed{}.",
      plan.data.holdout, result.records.front().dataset, plan.seeds.size(),
      plan.seeds.size() == 1 ? ": differences of a few tenths of a point are noise" : "s");
  const auto heading = [&](std::string text) { page.parts.push_back(report::PageHeading{std::move(text)}); };
  const auto paragraph = [&](std::string text) {
    page.parts.push_back(report::PageParagraph{std::move(text)});
  };
  heading("In short");
  for (const std::string& verdict : verdicts(plan, result)) paragraph(verdict);
  heading("Accuracy");
  page.parts.push_back(report::PageChart{accuracy_specification(rows, report::ChartX::kParams, plan), ""});
  page.parts.push_back(report::PageChart{accuracy_specification(rows, report::ChartX::kMacs, plan), ""});
  page.parts.push_back(report::PageTable{"All nets, trained alike", report::row_table(rows)});
  heading("Why this baseline");
  for (const std::string& sentence : report::explanation_sentences(why)) paragraph(sentence);
  page.parts.push_back(report::PageChart{search_specification(result), ""});
  page.parts.push_back(
      report::PageTable{"Finalists, retrained with fresh seeds", report::finalists_table(why)});
  paragraph("search/explanation.html in this folder has what each choice does, and how the search learnt.");
  heading("How the family grows");
  paragraph(
      fmt::format("alpha {}, beta {}, gamma {}, the best of {} nets of equal realised cost; {} of them are "
                  "within noise of it (standard error {:.2f} points, {}).",
                  result.fit.file.rule.alpha, result.fit.file.rule.beta, result.fit.file.rule.gamma,
                  result.fit.file.nets.size(), result.fit.choice.within_noise.size(),
                  result.fit.choice.standard_error, result.fit.choice.noise_source));
  page.parts.push_back(report::PageChart{grid_specification(result), ""});
  heading("The bill");
  page.parts.push_back(
      report::PageTable{"Predicted before the run, and what it came to", bill_table(result)});
  heading("To repeat it");
  const spec::RunRecord& record = result.records.front();
  paragraph(fmt::format(
      "plan.toml in this folder, seed {}, {} workers of {} thread(s); {}; {}; data fingerprint {}.",
      plan.seed, plan.workers, plan.threads, record.versions, record.machine, record.fingerprint));
  return report::page_html(page);
}

}  // namespace

void write_job_files(const Plan& plan, const WholeJobResult& result, const std::filesystem::path& folder) {
  const std::vector<report::ChartRow> rows = report::rows_from_records(result.records);
  spec::write_file_atomically(folder / "results.csv", spec::results_csv(result.records));
  const std::vector<ChartFormat> formats{ChartFormat::kHtml, ChartFormat::kSvg, ChartFormat::kPng};
  const auto write = [&](const char* stem, std::string title, std::string specification,
                         report::TextTable table) {
    const auto written = report::write_chart_files(
        {std::move(title), std::move(specification), std::move(table)}, folder / stem, formats);
    if (!written.note.empty()) print_note("note: " + written.note);
  };
  write("chart", "Accuracy against parameters", accuracy_specification(rows, report::ChartX::kParams, plan),
        report::row_table(rows));
  write("chart-macs", "Accuracy against multiply-adds",
        accuracy_specification(rows, report::ChartX::kMacs, plan), report::row_table(rows));
  const search::Explanation why = explained_study(trial_store_of(folder));
  spec::write_file_atomically(
      folder / "search/explanation.html",
      report::page_html(report::explanation_page(why, fmt::format("{}: why this baseline", plan.name),
                                                 "From the trials in search/trials.db.")));
  spec::write_file_atomically(folder / "report.html", page(plan, result, rows, why));
}

std::string job_summary(const Plan& plan, const WholeJobResult& result) {
  std::string text = "\n" + report::row_table(report::rows_from_records(result.records)).to_text() + "\n";
  for (const std::string& verdict : verdicts(plan, result)) text += "- " + verdict + "\n";
  return text + "\n" + bill_text(result.bill, result.actual);
}

std::string job_json(const Plan& plan, const WholeJobResult& result) {
  using Json = nlohmann::ordered_json;
  const scaling::CompoundRule& rule = result.fit.file.rule;
  Json json{{"schema", "effnet.auto/1"},
            {"plan", plan.name},
            {"baseline", spec::to_text(result.search.best.candidate.arch)},
            {"alpha", rule.alpha},
            {"beta", rule.beta},
            {"gamma", rule.gamma}};
  json["nets"] = Json::array();
  for (const spec::RunRecord& record : result.records)
    json["nets"].push_back(Json::parse(spec::run_record_json(record)));
  json["failures"] = result.failures;
  json["verdicts"] = verdicts(plan, result);
  json["bill"] = Json::parse(bill_json(result.bill));
  json["actual"] = Json::array();
  for (const BillRow& row : result.actual) {
    json["actual"].push_back(
        {{"phase", row.phase}, {"nets", row.nets}, {"pictures", row.pictures}, {"seconds", row.seconds}});
  }
  return json.dump(2) + "\n";
}

}  // namespace effnet::apps
