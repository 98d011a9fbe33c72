// The recipe at the command line: --recipe FILE, and every field of spec::Recipe as a flag over it (--batch-size,
// --lr-base, ...); --lr is the rate itself, whatever the batch.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "spec/recipe.h"

namespace CLI {
class App;
}

namespace effnet::apps {

struct RecipeFlags {
  std::string file;
  std::optional<double> lr;
  std::vector<std::function<void(spec::Recipe&)>> given;  // set at parsing, in the order of the fields
};

void add_recipe_flags(CLI::App& command, RecipeFlags& flags);

// Defaults, then the file, then the flags. Error{kUsage} for values out of range.
spec::Recipe recipe_from(const RecipeFlags& flags);

}  // namespace effnet::apps
