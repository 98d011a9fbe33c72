// The cheapest and the largest net of a space, exactly, whatever the space's size: the cost of a net is a sum
// over its stages, and a stage's share depends on the others only through the channels and the map size it is
// given. So the best way to reach each (channels, size) is carried from stage to stage (dynamic programming).
#pragma once

#include <string_view>
#include <vector>

#include "scaling/latency_table.h"
#include "search/stage_choices.h"
#include "spec/cost.h"

namespace effnet::search {

enum class Extreme { kCheapest, kLargest };

// Value by key of one stage, for every key of its StageChoices, in their order.
using StageValues = std::vector<spec::ChoiceValue>;

// A key that takes its value from another stage's key of the same name.
struct Tie {
  std::size_t stage, key, source_stage, source_key;
};

// Which cost, and by which times where it is latency.
struct Costing {
  spec::CostKind kind = spec::CostKind::kMacs;
  const scaling::LatencyTable* latency = nullptr;
};

// One entry a stage. Stages that are tied are not independent: the best is sought for each value of what they follow,
// one after the other. kUsage with `where` when that makes more than 4,096 cases, or when a stage offers too many
// combinations of operator, stride, channels and expansion to be gone through (100,000).
std::vector<StageValues> extreme_member(const spec::ArchSpec& skeleton,
                                        const std::vector<StageChoices>& stages, const std::vector<Tie>& ties,
                                        const Costing& costing, Extreme extreme, std::string_view where);

// The text of every part (scaling/net_parts.h) that a net of these stages can have, each once; ties are not regarded.
std::vector<std::string> possible_parts(const spec::ArchSpec& skeleton,
                                        const std::vector<StageChoices>& stages, std::string_view where);

// The Stage that `values` describe.
spec::Stage build_stage(const StageChoices& choices, const StageValues& values, std::string_view where);

}  // namespace effnet::search
