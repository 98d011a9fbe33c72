#include "search/space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "scaling/cost_model.h"
#include "spec/atomic_file.h"
#include "spec/config_table.h"
#include "spec/error.h"
#include "spec/net_file.h"
#include "spec/recipe_choices.h"
#include "spec/suggestion.h"

namespace effnet::search {
namespace {

using spec::Choices;
using spec::ChoiceValue;
using spec::ConfigTable;
using spec::Cost;
using spec::Error;
using spec::ErrorKind;

constexpr std::string_view kResolution = "resolution";
constexpr int kSampleTries = 1000;
constexpr int kMutateTries = 100;
constexpr int kWalkSteps = 20;  // per dimension
constexpr double kSmallEnoughToEnumerate = 20'000;
constexpr int kClimbs = 30;

Limits read_limits(const ConfigTable& table) {
  Limits limits;
  const auto read = [&](const std::string& key, std::int64_t& value) {
    const double number = table.number_or(key, static_cast<double>(value));
    if (!(number >= 0)) throw table.error(key, fmt::format("{} is below 0", number));
    value = number >= static_cast<double>(Limits::kNone) ? Limits::kNone : static_cast<std::int64_t>(number);
  };
  for (const spec::CostKind kind : spec::kCostKinds) {
    read(fmt::format("min_{}", spec::to_text(kind)), limits.least(kind));
    read(fmt::format("max_{}", spec::to_text(kind)), limits.most(kind));
  }
  return limits;
}

// Every value by itself must make a sound stage, so that a mistake is found before anything is trained.
void check_values(const spec::ArchSpec& skeleton, const StageChoices& choices, const ConfigTable& table) {
  StageValues first;
  for (const auto& key : choices.keys) first.push_back(key.values[0]);
  for (std::size_t i = 0; i < choices.keys.size(); ++i) {
    for (const ChoiceValue& value : choices.keys[i].values) {
      StageValues values = first;
      values[i] = value;
      const std::string where = table.where(choices.keys[i].name);
      spec::ArchSpec arch = skeleton;
      arch.stages = {build_stage(choices, values, where)};
      spec::check(arch, where);
    }
  }
}

ChoiceValue training_value(const ConfigTable::Scalar& scalar) {
  if (const auto* truth = std::get_if<bool>(&scalar)) return std::string(*truth ? "true" : "false");
  if (const auto* text = std::get_if<std::string>(&scalar)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&scalar)) return static_cast<double>(*whole);
  return std::get<double>(scalar);
}

void check_resolution(const ChoiceValue& value, const std::string& where) {
  const double* number = std::get_if<double>(&value);
  if (!number || *number != std::floor(*number) || *number < 1 || *number > 1e5)
    throw Error(ErrorKind::kUsage, where, fmt::format("{} is no resolution", spec::to_text(value)));
}

// How far a cost is outside: 0 within the limits, else the sum of the log ratios.
double violation(const Limits& limits, const Cost& cost) {
  const auto beyond = [](std::int64_t value, std::int64_t low, std::int64_t high) {
    const double v = std::max<double>(1, static_cast<double>(value));
    if (value < low) return std::log(static_cast<double>(low) / v);
    return value > high ? std::log(v / std::max<double>(1, static_cast<double>(high))) : 0.0;
  };
  double sum = 0;
  for (const spec::CostKind kind : spec::kCostKinds)
    sum += beyond(spec::cost_of(cost, kind), limits.least(kind), limits.most(kind));
  return sum;
}

std::string_view unit_of(spec::CostKind kind) {
  return kind == spec::CostKind::kMacs          ? "multiply-adds"
         : kind == spec::CostKind::kParams      ? "parameters"
         : kind == spec::CostKind::kActivations ? "activations"
                                                : "nanoseconds";
}

}  // namespace

Space Space::read(const std::filesystem::path& file) {
  return parse(spec::read_file(file), file.string());
}

Space Space::parse(std::string_view toml, std::string_view where) {
  const ConfigTable table = ConfigTable::parse(toml, where);
  Space space;
  space.where_ = where;
  space.name_ = table.string("name");
  space.skeleton_ = spec::read_skeleton(table.table("skeleton"));
  const std::vector<ConfigTable> stages = table.tables("stage");
  if (stages.empty()) throw table.error("stage", "a space needs at least one [[stage]]");
  for (std::size_t s = 0; s < stages.size(); ++s) {
    StageChoices choices = read_stage_choices(stages[s], space.skeleton_.channel_divisor);
    stages[s].reject_unknown_keys();
    resolve_ties(choices, space.stages_, stages[s]);
    check_values(space.skeleton_, choices, stages[s]);
    for (std::size_t k = 0; k < choices.keys.size(); ++k) {
      if (choices.keys[k].values.size() < 2 || choices.keys[k].tied_to) continue;
      space.dimensions_.push_back(
          {fmt::format("stage{}.{}", s + 1, choices.keys[k].name), choices.keys[k].values});
      space.places_.push_back({s, k});
    }
    space.add_ties(choices);
    space.stages_.push_back(std::move(choices));
  }
  if (table.has("training")) space.add_training(table.table("training"));
  if (table.has("limits")) space.limits_ = read_limits(table.table("limits"));
  if (table.has("latency"))
    space.latency_ =
        std::make_shared<scaling::LatencyTable>(scaling::LatencyTable::read(table.table("latency")));
  table.reject_unknown_keys();
  space.settle_limits();
  return space;
}

void Space::add_training(const ConfigTable& table) {
  for (const std::string& key : table.keys()) {
    const bool resolution = key == kResolution;
    Dimension dimension{resolution ? key : std::string(spec::kRecipePrefix) + key, {}};
    if (key == "epochs")
      throw table.error(key, "is no choice: how long a trial trains is its budget", "give --child-epochs");
    for (const ConfigTable::Scalar& scalar : table.scalars(key)) {
      ChoiceValue value = training_value(scalar);
      if (resolution)
        check_resolution(value, table.where(key));
      else
        spec::with_choices({}, {{dimension.name, value}}, table.where(key));
      if (std::find(dimension.values.begin(), dimension.values.end(), value) != dimension.values.end())
        throw table.error(key, fmt::format("names {} twice", spec::to_text(value)));
      dimension.values.push_back(std::move(value));
    }
    if (dimension.values.size() < 2) {
      throw table.error(
          key, "is one value, which is no choice",
          resolution ? "give a list, or [skeleton] input" : "give a list, or set it in the recipe");
    }
    dimensions_.push_back(std::move(dimension));
  }
}

std::vector<double> Space::resolutions() const {
  for (const auto& [name, values] : dimensions_) {
    if (name != kResolution) continue;
    std::vector<double> resolutions;
    for (const ChoiceValue& value : values) resolutions.push_back(std::get<double>(value));
    return resolutions;
  }
  return {static_cast<double>(skeleton_.resolution)};
}

// Notes what of the stage that comes next is tied to one before it.
void Space::add_ties(const StageChoices& choices) {
  for (std::size_t k = 0; k < choices.keys.size(); ++k) {
    const auto& [name, values, tied_to] = choices.keys[k];
    if (!tied_to || values.size() < 2) continue;
    const std::vector<StageChoices::Key>& keys = stages_[static_cast<std::size_t>(*tied_to)].keys;
    const auto source =
        std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.name == name; });
    ties_.push_back({stages_.size(), k, static_cast<std::size_t>(*tied_to),
                     static_cast<std::size_t>(source - keys.begin())});
  }
}

Space Space::with_limits(const Limits& limits) const {
  Space space = *this;
  space.limits_ = tighter(limits_, limits);
  space.settle_limits();
  return space;
}

std::vector<spec::CostKind> Space::costs() const {
  std::vector<spec::CostKind> kinds(spec::kCountedCosts.begin(), spec::kCountedCosts.end());
  if (latency_) kinds.push_back(spec::CostKind::kLatency);
  return kinds;
}

void Space::require(spec::CostKind kind) const {
  if (kind != spec::CostKind::kLatency || latency_) return;
  throw Error(
      ErrorKind::kUsage, where_,
      fmt::format("the space '{}' does not say what its nets take: it has no [latency]", name_),
      "effnet bench latency --space SPACE --output FILE measures its parts and writes a space that has");
}

std::vector<std::string> Space::possible_parts() const {
  std::set<std::string> parts;
  for (const double resolution : resolutions()) {
    spec::ArchSpec skeleton = skeleton_;
    skeleton.resolution = static_cast<int>(resolution);
    const std::vector<std::string> some = search::possible_parts(skeleton, stages_, where_);
    parts.insert(some.begin(), some.end());
  }
  return {parts.begin(), parts.end()};
}

double Space::size() const {
  double size = 1;
  for (const Dimension& dimension : dimensions_) size *= static_cast<double>(dimension.values.size());
  return size;
}

spec::ArchSpec Space::arch(const Choices& choices) const {
  std::vector<StageValues> values;
  for (const StageChoices& stage : stages_) {
    values.emplace_back();
    for (const auto& key : stage.keys) values.back().push_back(key.values[0]);
  }
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    const auto& [name, allowed] = dimensions_[d];
    const auto found = choices.find(name);
    if (found == choices.end())
      throw Error(ErrorKind::kUsage, where_, fmt::format("the choice '{}' is missing", name));
    if (std::find(allowed.begin(), allowed.end(), found->second) == allowed.end()) {
      throw Error(ErrorKind::kUsage, where_,
                  fmt::format("'{}' is no value of the choice '{}'", spec::to_text(found->second), name));
    }
    if (d < places_.size()) values[places_[d].stage][places_[d].key] = found->second;
  }
  for (const Tie& tie : ties_) values[tie.stage][tie.key] = values[tie.source_stage][tie.source_key];
  if (choices.size() != dimensions_.size()) {
    throw Error(ErrorKind::kUsage, where_,
                fmt::format("{} choices are given, the space has {}", choices.size(), dimensions_.size()));
  }
  spec::ArchSpec arch = skeleton_;
  if (const auto found = choices.find(std::string(kResolution)); found != choices.end())
    arch.resolution = static_cast<int>(std::get<double>(found->second));
  for (std::size_t s = 0; s < stages_.size(); ++s)
    arch.stages.push_back(build_stage(stages_[s], values[s], where_));
  spec::check(arch, where_);
  return arch;
}

spec::Candidate Space::candidate(const Choices& choices) const {
  spec::Candidate candidate{choices, arch(choices), {}};
  candidate.cost = scaling::total_cost(candidate.arch);
  if (latency_) candidate.cost.latency_ns = latency_->of(candidate.arch);
  return candidate;
}

bool Space::within_limits(const Choices& choices) const {
  return limits_ == Limits{} || limits_.contain(candidate(choices).cost);
}

Choices Space::any_sample(spec::RandomStream& random) const {
  Choices choices;
  for (const auto& [name, values] : dimensions_) choices[name] = values[random.below(values.size())];
  return choices;
}

Choices Space::changed(const Choices& choices, spec::RandomStream& random) const {
  if (dimensions_.empty()) return choices;
  const auto& [name, values] = dimensions_[random.below(dimensions_.size())];
  Choices result = choices;
  ChoiceValue& value = result.at(name);
  const auto old = std::find(values.begin(), values.end(), value) - values.begin();
  const std::size_t other = random.below(values.size() - 1);
  value = values[other + (static_cast<std::ptrdiff_t>(other) >= old ? 1 : 0)];
  return result;
}

Choices Space::sample(spec::RandomStream& random) const {
  for (int attempt = 0; attempt < kSampleTries; ++attempt) {
    Choices choices = any_sample(random);
    if (within_limits(choices)) return choices;
  }
  Choices choices = member_;
  for (std::size_t step = 0; step < kWalkSteps * dimensions_.size(); ++step) {
    if (Choices next = changed(choices, random); within_limits(next)) choices = std::move(next);
  }
  return choices;
}

Choices Space::mutate(const Choices& choices, spec::RandomStream& random) const {
  for (int attempt = 0; attempt < kMutateTries; ++attempt) {
    Choices next = changed(choices, random);
    if (within_limits(next)) return next;
  }
  return sample(random);
}

std::vector<Choices> Space::neighbours(const Choices& choices) const {
  std::vector<Choices> nets;
  for (const auto& [name, values] : dimensions_) {
    for (const ChoiceValue& value : values) {
      if (value == choices.at(name)) continue;
      nets.push_back(choices);
      nets.back()[name] = value;
    }
  }
  return nets;
}

Choices Space::choices_of(const std::vector<StageValues>& stages, double resolution) const {
  Choices choices;
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    const auto& [name, values] = dimensions_[d];
    choices[name] = d < places_.size()    ? stages[places_[d].stage][places_[d].key]
                    : name == kResolution ? ChoiceValue(resolution)
                                          : values[0];
  }
  return choices;
}

spec::Candidate Space::extreme(spec::CostKind kind, Extreme extreme) const {
  require(kind);
  const Costing costing{kind, kind == spec::CostKind::kLatency ? latency_.get() : nullptr};
  std::optional<spec::Candidate> found;
  for (const double resolution : resolutions()) {
    spec::ArchSpec skeleton = skeleton_;
    skeleton.resolution = static_cast<int>(resolution);
    spec::Candidate net =
        candidate(choices_of(extreme_member(skeleton, stages_, ties_, costing, extreme, where_), resolution));
    const bool cheaper = found && spec::cost_of(net.cost, kind) < spec::cost_of(found->cost, kind);
    if (!found || cheaper == (extreme == Extreme::kCheapest)) found = std::move(net);
  }
  return *found;
}

// Finds one member within the limits, or says why there is none.
void Space::settle_limits() {
  if (limits_ == Limits{}) return;
  bool found = false;
  if (limits_.limits(spec::CostKind::kLatency)) require(spec::CostKind::kLatency);
  for (const spec::CostKind kind : costs()) {
    const std::int64_t low = limits_.least(kind), high = limits_.most(kind);
    for (const Extreme which : {Extreme::kCheapest, Extreme::kLargest}) {
      const spec::Candidate candidate = extreme(kind, which);
      const std::int64_t cost = spec::cost_of(candidate.cost, kind);
      if (which == Extreme::kCheapest ? cost > high : cost < low) {
        throw Error(
            ErrorKind::kUsage, where_,
            fmt::format("no net of the space '{}' has {}: its {} has {} {}", name_, to_text(limits_),
                        which == Extreme::kCheapest ? "cheapest" : "largest", cost, unit_of(kind)),
            fmt::format("change the limit or the space; that net is {}", spec::to_text(candidate.arch)));
      }
      if (within_limits(candidate.cost)) {
        member_ = candidate.choices;
        found = true;
      }
    }
  }
  if (!found && size() <= kSmallEnoughToEnumerate) {
    for_each([&](const Choices& choices) {
      member_ = choices;
      found = true;
      return false;
    });
  } else if (!found) {
    found = climb_to_member();
  }
  if (found) return;
  std::vector<std::string> ranges;
  for (const spec::CostKind kind : costs()) {
    ranges.push_back(fmt::format("{} to {} {}", spec::cost_of(extreme(kind, Extreme::kCheapest).cost, kind),
                                 spec::cost_of(extreme(kind, Extreme::kLargest).cost, kind), unit_of(kind)));
  }
  throw Error(ErrorKind::kUsage, where_,
              fmt::format("no net of the space '{}' {} within {}: they cost {}", name_,
                          size() <= kSmallEnoughToEnumerate ? "is" : "was found", to_text(limits_),
                          fmt::join(ranges, ", ")),
              "widen the limits or the space");
}

void Space::for_each(const std::function<bool(const Choices&)>& visit) const {
  std::vector<std::size_t> index(dimensions_.size(), 0);
  while (true) {
    Choices choices;
    for (std::size_t d = 0; d < index.size(); ++d)
      choices[dimensions_[d].name] = dimensions_[d].values[index[d]];
    if (within_limits(choices) && !visit(choices)) return;
    std::size_t d = 0;
    while (d < index.size() && ++index[d] == dimensions_[d].values.size()) index[d++] = 0;
    if (d == index.size()) return;
  }
}

// Steepest descent of the violation over single changes, from random starts.
bool Space::climb_to_member() {
  spec::RandomStream random(1);
  for (int climb = 0; climb < kClimbs; ++climb) {
    Choices choices = any_sample(random);
    double best = violation(limits_, candidate(choices).cost);
    for (bool moved = true; moved && best > 0;) {
      moved = false;
      for (Choices& next : neighbours(choices)) {
        const double outside = violation(limits_, candidate(next).cost);
        if (outside >= best) continue;
        best = outside;
        choices = std::move(next);
        moved = true;
      }
    }
    if (best > 0) continue;
    member_ = choices;
    return true;
  }
  return false;
}

}  // namespace effnet::search
