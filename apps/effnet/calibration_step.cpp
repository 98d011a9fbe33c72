#include "apps/effnet/calibration_step.h"

#include <fmt/format.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "report/number_text.h"
#include "report/text_table.h"

namespace effnet::apps {
namespace {

constexpr const char *kShortPhase = "short runs", *kLongPhase = "long runs";

nlohmann::ordered_json tau_json(const search::RankAgreement& agreement) {
  return {{"tau", agreement.tau}, {"low", agreement.low}, {"high", agreement.high}, {"nets", agreement.nets}};
}

}  // namespace

search::Calibration run_calibration(const SearchStep& step, const CalibrationFlags& flags,
                                    const search::Space& space, const std::filesystem::path& folder,
                                    const std::atomic<bool>& stop) {
  const spec::Budget& budget = step.config.budget;
  const search::CalibrationConfig config{
      .nets = flags.nets,
      .seed = step.config.seed,
      .short_budget = budget,
      .long_budget = {budget.pictures, flags.long_epochs > 0 ? flags.long_epochs : 4 * budget.epochs},
      .lag = step.config.lag,
      .details_json = step.config.details_json};
  LiveLine line;
  Progress progress(line, Progress::Weights::kRelative);
  const double times = static_cast<double>(config.long_budget.epochs) / budget.epochs;
  progress.add_phase(kShortPhase, config.short_trials());
  progress.add_phase(kLongPhase, config.nets * times);
  std::deque<StudyProgress> observers;
  const auto observer_of = [&](std::string_view study) -> search::StudyObserver* {
    observers.clear();
    if (study == "short") return &observers.emplace_back(progress, kShortPhase, config.short_trials());
    return &observers.emplace_back(progress, kLongPhase, config.nets);
  };
  store::TrialStore store = store::TrialStore::open(step.children.store_in(folder));
  return search::calibrate(config, space, store,
                           {.workers = step.children.workers,
                            .make_evaluator = evaluators_of(step.evaluator, step.children, &space, folder),
                            .observer_of = observer_of,
                            .stop = &stop,
                            .claim_life = step.children.claim_life});
}

std::string calibration_text(const search::Calibration& calibration) {
  const auto right = report::Align::kRight;
  report::TextTable table(
      {{"long run %", right}, {"short %", right}, {"again %", right}, {"MACs", right}, {"net"}});
  for (const search::CalibratedNet& net : calibration.nets) {
    table.add_row({fmt::format("{:.2f}", net.long_run), fmt::format("{:.2f}", net.short_first),
                   fmt::format("{:.2f}", net.short_second),
                   report::short_count(static_cast<double>(net.candidate.cost.macs)),
                   spec::to_text(net.candidate.arch)});
  }
  std::string text = table.to_text() + "\n" + search::verdict(calibration) + "\n";
  if (calibration.failed > 0)
    text += fmt::format("{} net{} without a score in some run {} left out.\n", calibration.failed,
                        calibration.failed == 1 ? "" : "s", calibration.failed == 1 ? "is" : "are");
  return text;
}

std::string calibration_json(const search::Calibration& calibration) {
  nlohmann::ordered_json json;
  json["schema"] = "effnet.calibration/1";
  json["agreement"] = tau_json(calibration.tau);
  json["short_agreement"] = tau_json(calibration.repeat_tau);
  json["seed_noise"] = calibration.seed_noise;
  json["spread"] = calibration.spread;
  json["cost_ratio"] = calibration.cost_ratio;
  json["failed"] = calibration.failed;
  json["verdict"] = search::verdict(calibration);
  json["nets"] = nlohmann::ordered_json::array();
  for (const search::CalibratedNet& net : calibration.nets) {
    json["nets"].push_back({{"arch", spec::to_text(net.candidate.arch)},
                            {"macs", net.candidate.cost.macs},
                            {"params", net.candidate.cost.params},
                            {"short", {net.short_first, net.short_second}},
                            {"long", net.long_run}});
  }
  return json.dump(2) + "\n";
}

}  // namespace effnet::apps
