// Settings of the training that are searched along with the net: choices that are called "recipe.FIELD".
#pragma once

#include <string>
#include <string_view>

#include "spec/recipe.h"
#include "spec/trial.h"

namespace effnet::spec {

inline constexpr std::string_view kRecipePrefix = "recipe.";

Choices recipe_choices(const Choices& choices);  // those alone

// `base` with them. kUsage as set_field.
Recipe with_choices(const Recipe& base, const Choices& choices, std::string_view where);

// What tells a training from another, its seed aside: the net, and the settings that were chosen for it.
std::string training_text(const Candidate& candidate);
bool same_training(const Candidate& a, const Candidate& b);

}  // namespace effnet::spec
