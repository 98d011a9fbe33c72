#include "apps/effnet/fit_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/number_text.h"
#include "report/text_table.h"
#include "scaling/cost_model.h"
#include "spec/atomic_file.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;
using report::short_count;

constexpr std::string_view kPhase = "fit";

Json rule_json(const scaling::CompoundRule& rule) {
  return {{"alpha", rule.alpha}, {"beta", rule.beta}, {"gamma", rule.gamma}};
}

Json net_json(const scaling::RealisedNet& net) {
  Json points = Json::array();
  for (const scaling::CompoundRule& rule : net.rules) points.push_back(rule_json(rule));
  return {{"arch", spec::to_text(net.arch)},   {"macs", net.cost.macs},
          {"params", net.cost.params},         {"cost_ratio", net.cost_ratio},
          {"resolution", net.arch.resolution}, {"points", points}};
}

std::string rule_text(const scaling::CompoundRule& rule) {
  return fmt::format("{} / {} / {}", rule.alpha, rule.beta, rule.gamma);
}

}  // namespace

std::string identity_json(const FitStep& step, const spec::Recipe& recipe) {
  const search::CoefficientFitConfig& c = step.config;
  const auto range = [](const scaling::Range& r) {
    return fmt::format("{}:{}", scaling::to_text(r.low), scaling::to_text(r.high));
  };
  Json json;
  json["baseline"] = spec::to_text(c.baseline.arch);
  json["alpha"] = range(c.grid.alpha);
  json["beta"] = range(c.grid.beta);
  json["gamma"] = range(c.grid.gamma);
  json["step"] = scaling::to_text(c.grid.step);
  json["tolerance"] = scaling::to_text(c.grid.tolerance);
  json["cost"] = spec::to_text(c.cost_kind);
  json["cost_spread"] = c.cost_spread;
  json["max_nets"] = c.max_nets;
  json["seeds"] = c.seeds;
  json["pictures"] = c.budget.pictures;
  json["epochs"] = c.budget.epochs;
  json["seed"] = c.seed;
  json["lag"] = c.lag;
  json.update(Json::parse(children_json(step.children, recipe)));
  return json.dump();
}

void add_fit_phase(Progress& progress, double seconds) {
  progress.add_phase(std::string(kPhase), seconds);
}

search::CoefficientFitResult run_fit_step(const FitStep& step, const std::filesystem::path& folder,
                                          Progress& progress, const std::atomic<bool>& stop) {
  store::TrialStore store = store::TrialStore::open(step.children.store_in(folder));
  const int trials = static_cast<int>(search::nets_of_fit(step.config).size()) * step.config.seeds;
  StudyProgress observer(progress, std::string(kPhase), trials);
  const search::CoefficientFitResult result = search::run_coefficient_fit(
      step.config, store,
      {.workers = step.children.workers,
       .make_evaluator = trainer_evaluators(step.children.trainer, folder, step.children.trial_timeout),
       .observer = &observer,
       .stop = &stop,
       .claim_life = step.children.claim_life});
  spec::write_file_atomically(folder / "coefficients.toml", scaling::coefficients_toml(result.file));
  return result;
}

std::string points_summary(const search::CoefficientFitConfig& config) {
  const auto realised = scaling::realise(config.baseline.arch, config.grid, config.cost_kind);
  const auto chosen = search::nets_of_fit(config);
  const auto right = report::Align::kRight;
  report::TextTable table({{"alpha / beta / gamma"},
                           {"points", right},
                           {"pixels", right},
                           {"params", right},
                           {"MACs", right},
                           {"cost", right},
                           {"trained"}});
  for (const scaling::RealisedNet& net : realised) {
    const bool trained =
        std::any_of(chosen.begin(), chosen.end(), [&](const auto& other) { return other.arch == net.arch; });
    table.add_row({rule_text(net.rules.front()), fmt::format("{}", net.rules.size()),
                   fmt::format("{}", net.arch.resolution), short_count(static_cast<double>(net.cost.params)),
                   short_count(static_cast<double>(net.cost.macs)), fmt::format("{:.2f}x", net.cost_ratio),
                   trained ? "yes" : ""});
  }
  return table.to_text() + fmt::format(
                               "\n{} grid points make {} different nets; {} of equal realised cost (within "
                               "{:.0f} %) would be trained.\n",
                               scaling::grid_points(config.grid).size(), realised.size(), chosen.size(),
                               100 * config.cost_spread);
}

std::string points_json(const search::CoefficientFitConfig& config) {
  const spec::Cost base = scaling::count(config.baseline.arch).total;
  const auto chosen = search::nets_of_fit(config);
  Json json;
  json["schema"] = "effnet.fit-points/1";
  json["points"] = Json::array();
  for (const scaling::CompoundRule& rule : scaling::grid_points(config.grid)) {
    const spec::ArchSpec arch = scaling::scale(config.baseline.arch, scaling::multipliers(rule, 1));
    const spec::Cost cost = scaling::count(arch).total;
    Json point = rule_json(rule);
    point["product"] = rule.product();
    point["arch"] = spec::to_text(arch);
    point["macs"] = cost.macs;
    point["params"] = cost.params;
    point["cost_ratio"] = static_cast<double>(spec::cost_of(cost, config.cost_kind)) /
                          static_cast<double>(spec::cost_of(base, config.cost_kind));
    point["trained"] =
        std::any_of(chosen.begin(), chosen.end(), [&](const auto& net) { return net.arch == arch; });
    json["points"].push_back(point);
  }
  return json.dump(2) + "\n";
}

std::string fit_summary(const scaling::CoefficientFile& file, const scaling::CoefficientChoice& choice) {
  const auto right = report::Align::kRight;
  report::TextTable table({{"alpha / beta / gamma"},
                           {"pixels", right},
                           {"params", right},
                           {"MACs", right},
                           {"cost", right},
                           {"accuracy %", right},
                           {""}});
  for (std::size_t i = 0; i < file.nets.size(); ++i) {
    const scaling::TrainedNet& net = file.nets[i];
    const bool near =
        std::find(choice.within_noise.begin(), choice.within_noise.end(), i) != choice.within_noise.end();
    table.add_row({rule_text(net.net.rules.front()), fmt::format("{}", net.net.arch.resolution),
                   short_count(static_cast<double>(net.net.cost.params)),
                   short_count(static_cast<double>(net.net.cost.macs)),
                   fmt::format("{:.2f}x", net.net.cost_ratio),
                   net.accuracies.empty() ? "failed" : fmt::format("{:.2f}", net.mean_accuracy()),
                   i == choice.winner ? "winner"
                   : near             ? "within noise"
                                      : ""});
  }
  return table.to_text() + fmt::format(
                               "\nalpha {}, beta {}, gamma {}; standard error {:.2f} points ({}); {} of {} "
                               "nets are within noise of the winner.\n",
                               file.rule.alpha, file.rule.beta, file.rule.gamma, choice.standard_error,
                               choice.noise_source, choice.within_noise.size(), file.nets.size());
}

std::string fit_json(const scaling::CoefficientFile& file, const scaling::CoefficientChoice& choice) {
  Json json = rule_json(file.rule);
  json["schema"] = "effnet.fit/1";
  json["standard_error"] = choice.standard_error;
  json["noise_source"] = choice.noise_source;
  json["nets"] = Json::array();
  for (std::size_t i = 0; i < file.nets.size(); ++i) {
    Json net = net_json(file.nets[i].net);
    net["accuracies"] = file.nets[i].accuracies;
    net["winner"] = i == choice.winner;
    net["within_noise"] =
        std::find(choice.within_noise.begin(), choice.within_noise.end(), i) != choice.within_noise.end();
    json["nets"].push_back(net);
  }
  return json.dump(2) + "\n";
}

}  // namespace effnet::apps
