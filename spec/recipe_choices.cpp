#include "spec/recipe_choices.h"

namespace effnet::spec {

Choices recipe_choices(const Choices& choices) {
  Choices chosen;
  for (const auto& [name, value] : choices) {
    if (name.starts_with(kRecipePrefix)) chosen.emplace(name, value);
  }
  return chosen;
}

Recipe with_choices(const Recipe& base, const Choices& choices, std::string_view where) {
  Recipe recipe = base;
  for (const auto& [name, value] : recipe_choices(choices))
    set_field(recipe, std::string_view(name).substr(kRecipePrefix.size()), value, where);
  return recipe;
}

std::string training_text(const Candidate& candidate) {
  const Choices chosen = recipe_choices(candidate.choices);
  std::string text = to_text(candidate.arch);
  return chosen.empty() ? text : text + " " + choices_json(chosen);
}

bool same_training(const Candidate& a, const Candidate& b) {
  return a.arch == b.arch && recipe_choices(a.choices) == recipe_choices(b.choices);
}

}  // namespace effnet::spec
