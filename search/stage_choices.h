// One [[stage]] of a space file: for every key the values it may take, and how a value enters a Stage.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/config_table.h"
#include "spec/trial.h"

namespace effnet::search {

// Keys: op, kernel, stride, expand, channels, repeats, se, skip, groups, middle; or `block`, whole stages in
// their text form ("mb_k3_s2_e3_c64") where choices belong together. Further forms of the file:
//
//   op = ["sep", "mb_e3", "mb_e6"]     an operator with its expansion, as one choice
//   channels = 24, width = [0.75, 1]   channels as multiples of a design's
//   repeats = 2, repeats_offset = [0, 1]
//   kernel = "stage1.kernel"           tied: whatever stage 1 has
struct StageChoices {
  struct Key {
    std::string name;                       // "kernel"
    std::vector<spec::ChoiceValue> values;  // one: fixed; of a tied key those of the one it follows
    std::optional<int> tied_to = {};        // the stage, from 0, whose value of the same key it takes
  };
  std::vector<Key> keys;  // in the order of the list above; absent keys keep Stage's defaults
};

// `divisor`: widths are rounded to multiples of it. kUsage with file:line for a missing `op` or `channels`, a value of the wrong kind or out of range, a value
// given twice, more than 64 values.
StageChoices read_stage_choices(const spec::ConfigTable& table, int divisor);

// Gives tied keys the values of the earlier stages that they follow. kUsage with file:line when there is no such stage
// or it has no such key.
void resolve_ties(StageChoices& choices, const std::vector<StageChoices>& earlier,
                  const spec::ConfigTable& table);

// `value` must be one of the key's; kUsage with `where` if it cannot be one ("k" of a block text, an unknown
// op).
void set_choice(spec::Stage& stage, std::string_view key, const spec::ChoiceValue& value,
                std::string_view where);

// Sets what the stage's operator does not have to the default, so that two choices of the same net have the
// same text (an identity has no kernel, a convolution no expansion).
void drop_foreign_fields(spec::Stage& stage);

// More of it never makes a net cheaper, whatever the other choices are (kernel, repeats, se), or cost does
// not depend on it (skip): for bounds on cost only its extremes have to be looked at.
bool cost_is_monotone_in(std::string_view key);

}  // namespace effnet::search
