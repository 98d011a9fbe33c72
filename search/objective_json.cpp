#include "search/objective_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "spec/error.h"

namespace effnet::search {
namespace {

using Json = nlohmann::ordered_json;

void add_term(Json& json, ObjectiveForm form, const CostTerm& term) {
  json["cost"] = spec::to_text(term.cost);
  if (form == ObjectiveForm::kPareto) return;
  json["target"] = term.target;
  json["weight"] = term.weight;
  if (term.weight_above) json["weight_above"] = *term.weight_above;
}

CostTerm term_of(const Json& json, ObjectiveForm form, std::string_view where) {
  CostTerm term;
  term.cost = spec::parse_cost_kind(json.at("cost").get<std::string>(), where);
  term.weight = default_weight(form);
  if (form == ObjectiveForm::kPareto) return term;
  term.target = json.at("target").get<double>();
  term.weight = json.at("weight").get<double>();
  if (json.contains("weight_above")) term.weight_above = json.at("weight_above").get<double>();
  return term;
}

}  // namespace

std::string objective_json(const Objective& objective) {
  Json json{{"form", to_text(objective.form)}};
  if (objective.terms.size() == 1 && objective.form != ObjectiveForm::kPareto) {
    add_term(json, objective.form, objective.terms.front());
    return json.dump();
  }
  json["costs"] = Json::array();
  for (const CostTerm& term : objective.terms)
    add_term(json["costs"].emplace_back(Json::object()), objective.form, term);
  return json.dump();
}

Objective objective_from_json(std::string_view text, std::string_view where) {
  try {
    const Json json = Json::parse(text);
    Objective objective{parse_objective_form(json.at("form").get<std::string>(), where), {}};
    if (!json.contains("costs")) {
      objective.terms.push_back(term_of(json, objective.form, where));
      return objective;
    }
    for (const Json& term : json.at("costs")) objective.terms.push_back(term_of(term, objective.form, where));
    return objective;
  } catch (const nlohmann::json::exception& error) {
    throw spec::Error(spec::ErrorKind::kBadData, where,
                      fmt::format("its objective is not understood: {}", error.what()));
  }
}

}  // namespace effnet::search
