// Which trials end before their budget is spent. A trial is scored at rungs, after some of its epochs, and stopped
// where it is behind what earlier trials had at the same rung. The bars are set when the trial is asked for, by exactly
// the trials that the strategy has been told of, and travel with it: so they depend neither on timing nor on who trains.
//
//   median    after every epoch but the last: less than the median of all trials, those that were stopped before
//             included as less still; about half of all come to the end (after Vizier's rule, Golovin et al. 2017)
//   halving   after .. E/4, E/2 epochs: less than the median of those that came so far; half go on from each rung
//             (asynchronous successive halving, arXiv 1810.05934, with eta = 2)
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "spec/trial.h"

namespace effnet::search {

enum class EarlyStop { kNone, kMedian, kHalving };
std::string_view to_text(EarlyStop rule);
EarlyStop parse_early_stop(std::string_view text, std::string_view where);  // kUsage

// After which epochs trials of so many epochs are scored; empty without a rule and for a single epoch.
std::vector<int> rung_epochs(EarlyStop rule, int epochs);

// The rungs of the next trial, given what came of the trials before it. While fewer than four trials have a score at a
// rung its bar is 0.
std::vector<spec::Rung> rungs_after(EarlyStop rule, int epochs, std::span<const spec::Outcome> known);

// To what accuracy a trial that was stopped early would have come: its last score, and the median of what those that
// came to the end gained from that rung on. Empty when none did.
std::optional<double> expected_accuracy(const spec::Outcome& stopped, std::span<const spec::Outcome> known);

}  // namespace effnet::search
