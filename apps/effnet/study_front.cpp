#include "apps/effnet/study_front.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/front_text.h"
#include "search/pareto_front.h"
#include "search/space.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;

bool any_scored(const report::StudyTrials& study) {
  return std::any_of(study.trials.begin(), study.trials.end(),
                     [](const search::TrialResult& trial) { return trial.outcome.scored(); });
}

// The scale of the study's space, where the study says which it was.
std::optional<search::ParetoScale> space_scale(const search::StudyConfig& config) {
  const Json details = Json::parse(config.details_json);
  if (!details.contains("space") || !details.at("space").is_string()) return std::nullopt;
  try {
    const search::Space space =
        search::Space::parse(details.at("space").get<std::string>(), "the study's space")
            .with_limits(search::limits_of(config.objective));
    return search::ParetoScale::of(space, search::costs_of(config.objective));
  } catch (const spec::Error&) {
    return std::nullopt;  // written in a form that this version does not read: the trials can still be shown
  }
}

std::vector<std::string_view> names_of(const std::vector<spec::CostKind>& costs) {
  std::vector<std::string_view> names;
  for (const spec::CostKind cost : costs) names.push_back(spec::to_text(cost));
  return names;
}

}  // namespace

StudyFront study_front(const report::StudyTrials& study) {
  const std::vector<spec::CostKind> costs = search::costs_of(study.config.objective);
  StudyFront front;
  front.nets = search::pareto_front(study.trials, costs);
  const std::optional<search::ParetoScale> of_space = space_scale(study.config);
  front.of_space = of_space.has_value();
  front.scale = of_space ? *of_space : search::ParetoScale::of(study.trials, costs);
  front.hypervolume = search::hypervolume(study.trials, front.scale);
  return front;
}

std::string front_text(const report::StudyTrials& study) {
  if (!any_scored(study)) return {};
  const StudyFront front = study_front(study);
  const std::vector<spec::CostKind> costs = search::costs_of(study.config.objective);
  std::vector<report::FrontRow> rows;
  for (const search::TrialResult& net : front.nets) rows.push_back({net, ""});
  return fmt::format(
      "Front of accuracy against {}: {} net{}, hypervolume {:.4f} of the {}'s scale (reference point: "
      "{})\n{}",
      fmt::join(names_of(costs), " and "), rows.size(), rows.size() == 1 ? "" : "s", front.hypervolume,
      front.of_space ? "space" : "trials", report::reference_text(front.scale),
      report::front_rows(rows, costs).to_text());
}

std::string front_net_json(const search::TrialResult& trial) {
  const spec::Cost& cost = trial.trial.candidate.cost;
  return Json{{"trial", trial.trial.number},
              {"accuracy", trial.outcome.accuracy},
              {"macs", cost.macs},
              {"params", cost.params},
              {"activations", cost.activations},
              {"arch", spec::to_text(trial.trial.candidate.arch)}}
      .dump();
}

std::string reference_json(const search::ParetoScale& scale) {
  Json json{{"accuracy", 100 * scale.chance}};
  for (std::size_t i = 0; i < scale.costs.size(); ++i)
    json[std::string(spec::to_text(scale.costs[i].cost))] = scale.reference_cost(i);
  return json.dump();
}

std::string front_json(const report::StudyTrials& study) {
  if (!any_scored(study)) return "null";
  const StudyFront front = study_front(study);
  Json json{{"costs", names_of(search::costs_of(study.config.objective))}, {"nets", Json::array()}};
  for (const search::TrialResult& net : front.nets) json["nets"].push_back(Json::parse(front_net_json(net)));
  json["hypervolume"] = front.hypervolume;
  json["reference"] = Json::parse(reference_json(front.scale));
  json["scale"] = front.of_space ? "space" : "trials";
  return json.dump();
}

}  // namespace effnet::apps
