// What a fitted model says that choices do: alone, in pairs, and to one net. Everything in the unit of the model's
// observations; intervals are the mean and 1.96 standard deviations of the model's belief.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/accuracy_model.h"

namespace effnet::search {

struct Interval {
  double mean = 0, low = 0, high = 0;
  bool spans_zero() const { return low <= 0 && high >= 0; }
};

// Partial dependence (Friedman, Annals of Statistics 29, 2001): the value is put into the same random nets as the other
// values of its choice, and compared with their average.
struct ValueEffect {
  spec::ChoiceValue value;
  Interval accuracy;      // against the mean of the choice's values
  double cost_ratio = 1;  // of the cost likewise, exact: geometric mean over the nets
};
struct DimensionEffect {
  std::string name;  // "stage1.kernel"
  std::vector<ValueEffect> values;
  double spread() const;  // highest minus lowest mean
};
// The largest spread first.
std::vector<DimensionEffect> main_effects(const AccuracyModel& model, spec::CostKind cost);

// Their means alone, one row a dimension in the space's order.
std::vector<std::vector<double>> main_effect_means(const AccuracyModel& model);

// What two values do together beyond what each does alone: f(a, b) - f(a, .) - f(., b) + f(., .).
struct Interaction {
  std::string first, second;  // dimensions
  spec::ChoiceValue first_value, second_value;
  Interval accuracy;
};
// One a pair of dimensions, its strongest; the strongest pairs first, at most `count`.
std::vector<Interaction> interactions(const AccuracyModel& model, std::size_t count);

// The net with one choice changed.
struct SingleChange {
  std::string name;
  spec::ChoiceValue from, to;
  Interval accuracy;  // gain over the net
  spec::Candidate net;
};
// All within the space's limits, in the order of the space.
std::vector<SingleChange> single_changes(const AccuracyModel& model, const spec::Choices& net);

}  // namespace effnet::search
