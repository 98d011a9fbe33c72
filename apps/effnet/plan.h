// The plan of a whole job, as a TOML file: which pictures, how long children train, which grid, which family, which
// rivals. It is fixed when the job starts; the clock never changes it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/effnet/trainer_process.h"
#include "scaling/coefficient_grid.h"
#include "search/objective.h"
#include "search/space.h"
#include "spec/recipe.h"
#include "spec/trial.h"

namespace effnet::apps {

// A network of somebody else's design, brought to the cost of members of the family and trained alike.
struct Rival {
  std::string name;
  std::string group;               // human-designed, machine-designed or baseline
  spec::ArchSpec arch;             // its shape; resolution, input and classes are the member's
  scaling::CompoundRule grow;      // how it is brought to a cost: width alone, or depth and width
  std::vector<std::string> match;  // members of the family, "b0"
};

struct Plan {
  std::string name;
  std::string text;  // the file itself
  std::uint64_t seed = 1;
  int workers = 2;               // processes side by side
  int threads = 1;               // of each
  std::string kernels = "auto";  // a word of apps/kernel_choice.h
  DataChoice data;
  spec::Recipe recipe;  // of every training; children shorten it to their budget

  std::string space = "fashion-small";
  std::string strategy = "auto";
  search::Objective objective;
  int trials = 0;
  int random_trials = 0;
  spec::Budget child;
  int finalists = 2, finalist_seeds = 2;
  int rank_check_nets = 0;  // nets trained long as well, to measure whether short training ranks alike

  scaling::CoefficientGrid grid;
  int fit_nets = 0, fit_seeds = 1;
  spec::Budget fit_child;

  std::vector<double> phi{0, 1, 2};
  std::vector<std::uint64_t> seeds{1};  // of the final trainings
  std::int64_t train_pictures = 0;      // distinct pictures of a final training; 0: all that are not held out
  std::vector<Rival> rivals;

  // Distinct pictures of a final training on this data set.
  std::int64_t final_pictures(const DatasetInfo& info) const {
    return train_pictures > 0 ? train_pictures : info.train_pictures - data.holdout;
  }
};

// Unknown keys are errors with their line.
Plan read_plan(const std::filesystem::path& file);
Plan parse_plan(std::string_view toml, std::string_view where);

// Error{kUsage} where the plan's nets do not take these pictures or more pictures are asked for than there are,
// Error{kBadData} for a data set that has none to test with.
void check(const Plan& plan, const search::Space& space, const DatasetInfo& info);

}  // namespace effnet::apps
