// A search space: a skeleton and stages whose keys have one value (fixed) or several (a choice). Form of the
// file:
//
//   name = "b0-small"
//   [skeleton]                 # as in a net file
//   [[stage]]                  # stage 1; a list is a choice, a scalar is fixed
//   op = "mb"
//   kernel = [3, 5]
//   ...                        # stride, expand, channels, repeats, se, skip; or block = ["mb_k3_e3_c64", ...]
//   width = [0.75, 1, 1.25]    # of channels, to multiples of the skeleton's divisor
//   repeats_offset = [-1, 0, 1]
//   se = "stage1.se"           # tied: the value that stage 1 has, no choice of its own
//   [limits]                   # optional: min_ and max_ macs, params, activations, latency_ns
//   [training]                 # optional: what is searched along with the net; each a list
//   resolution = [20, 24]      # of the pictures; in place of the skeleton's input
//   lr_base = [0.4, 0.8]       # any field of a recipe but epochs, which are the budget's
//   [latency]                  # optional: measured times (scaling/latency_table.h)
//
// A choice is called "stage1.kernel", "resolution", "recipe.lr_base" (spec/recipe_choices.h); a member of the space is the
// map from choices to values.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "search/cost_bounds.h"
#include "search/limits.h"
#include "search/stage_choices.h"
#include "spec/random_stream.h"
#include "spec/trial.h"

namespace effnet::search {

struct Dimension {
  std::string name;                       // as above
  std::vector<spec::ChoiceValue> values;  // two or more, all different
};

class Space {
 public:
  // kUsage for anything wrong in the file, with its line, and when no member is within its [limits]: then the
  // message names the cheapest (or largest) member's cost.
  static Space read(const std::filesystem::path& file);
  static Space parse(std::string_view toml, std::string_view where);

  // This space with these limits as well; kUsage when no member is left.
  Space with_limits(const Limits& limits) const;

  const std::string& name() const { return name_; }
  const std::vector<Dimension>& dimensions() const { return dimensions_; }
  const Limits& limits() const { return limits_; }
  const spec::ArchSpec& skeleton() const { return skeleton_; }  // without stages
  const std::vector<StageChoices>& stages() const { return stages_; }
  const scaling::LatencyTable* latency() const { return latency_.get(); }  // null where nothing was measured
  std::vector<spec::CostKind> costs() const;                               // that its nets have
  // kUsage where nets do not have this cost, and how they would.
  void require(spec::CostKind kind) const;
  std::vector<std::string> possible_parts() const;  // of its nets, each once (scaling/net_parts.h)
  double size() const;                              // members, limits not regarded; exact below 2^53

  // kUsage if `choices` is no member: a choice missing, unknown, or of another value.
  spec::ArchSpec arch(const spec::Choices& choices) const;
  spec::Candidate candidate(const spec::Choices& choices) const;  // with its cost
  bool within_limits(const spec::Cost& cost) const { return limits_.contain(cost); }
  bool within_limits(const spec::Choices& choices) const;

  // Every member within the limits, the first dimension's values changing quickest, until `visit` returns false.
  void for_each(const std::function<bool(const spec::Choices&)>& visit) const;

  // All that differ in one choice, in the order of dimensions and values; limits are not regarded.
  std::vector<spec::Choices> neighbours(const spec::Choices& choices) const;

  // Both stay within the limits. A sample is uniform over the members within them as long as one in some
  // hundred members is; in narrower limits it is the end of a random walk.
  spec::Choices sample(spec::RandomStream& random) const;
  // One choice changed to another value (a fresh sample if no such neighbour is within the limits).
  spec::Choices mutate(const spec::Choices& choices, spec::RandomStream& random) const;
  // The cheapest or largest member by a cost that nets have; limits are not regarded.
  spec::Candidate extreme(spec::CostKind kind, Extreme extreme) const;

 private:
  struct Place {  // where a dimension's value goes
    std::size_t stage, key;
  };

  void add_training(const spec::ConfigTable& table);
  std::vector<double> resolutions() const;  // the choice's, or the skeleton's one
  spec::Choices choices_of(const std::vector<StageValues>& stages, double resolution) const;
  spec::Choices any_sample(spec::RandomStream& random) const;
  spec::Choices changed(const spec::Choices& choices, spec::RandomStream& random) const;
  void add_ties(const StageChoices& choices);
  void settle_limits();
  bool climb_to_member();

  std::string name_, where_;
  spec::ArchSpec skeleton_;
  std::vector<StageChoices> stages_;
  std::vector<Dimension> dimensions_;
  std::vector<Place> places_;  // of the first dimensions, those of stages; the training's come after them
  std::vector<Tie> ties_;
  Limits limits_;
  std::shared_ptr<const scaling::LatencyTable> latency_;
  spec::Choices member_;  // one that is within the limits
};

}  // namespace effnet::search
