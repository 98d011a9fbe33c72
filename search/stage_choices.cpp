#include "search/stage_choices.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>

#include "spec/error.h"

namespace effnet::search {
namespace {

using spec::ChoiceValue;
using spec::ConfigTable;
using spec::Stage;

constexpr std::size_t kMostValues = 64;

enum class Kind { kInteger, kNumber, kText, kTruth };

struct KeyRule {
  std::string_view name;
  Kind kind;
  bool monotone;
};

constexpr std::array<KeyRule, 11> kKeys{{{"block", Kind::kText, false},
                                         {"op", Kind::kText, false},
                                         {"kernel", Kind::kInteger, true},
                                         {"stride", Kind::kInteger, false},
                                         {"expand", Kind::kNumber, false},
                                         {"channels", Kind::kInteger, false},
                                         {"repeats", Kind::kInteger, true},
                                         {"se", Kind::kNumber, true},
                                         {"skip", Kind::kTruth, true},
                                         {"groups", Kind::kInteger, false},
                                         {"middle", Kind::kInteger, false}}};

const KeyRule& rule_of(std::string_view key) {
  return *std::find_if(kKeys.begin(), kKeys.end(), [&](const KeyRule& rule) { return rule.name == key; });
}

ChoiceValue read_value(const ConfigTable& table, const KeyRule& rule, const ConfigTable::Scalar& scalar) {
  const auto wrong = [&](std::string_view expected) {
    return table.error(rule.name, fmt::format("{} or a list of them is expected", expected));
  };
  switch (rule.kind) {
    case Kind::kInteger:
      if (const auto* value = std::get_if<std::int64_t>(&scalar);
          value && *value >= 0 && *value <= 1'000'000) {
        return static_cast<double>(*value);
      }
      throw wrong("a whole number 0 .. 1000000");
    case Kind::kNumber:
      if (const auto* value = std::get_if<std::int64_t>(&scalar)) return static_cast<double>(*value);
      if (const auto* value = std::get_if<double>(&scalar); value && std::isfinite(*value)) return *value;
      throw wrong("a number");
    case Kind::kText:
      if (const auto* value = std::get_if<std::string>(&scalar)) return *value;
      throw wrong("a string");
    case Kind::kTruth:
      if (const auto* value = std::get_if<bool>(&scalar)) return std::string(*value ? "true" : "false");
      throw wrong("true or false");
  }
  return {};
}

// The stage, from 0, of "stage2.kernel" where `key` is kernel; empty for any other value.
std::optional<int> tie_of(const std::vector<ConfigTable::Scalar>& scalars, std::string_view key) {
  const auto* text = scalars.size() == 1 ? std::get_if<std::string>(&scalars[0]) : nullptr;
  if (!text || !text->starts_with("stage")) return {};
  int stage = 0;
  const auto [end, error] = std::from_chars(text->data() + 5, text->data() + text->size(), stage);
  if (error != std::errc() || fmt::format("stage{}.{}", stage, key) != *text) return {};
  return stage - 1;
}

StageChoices::Key read_key(const ConfigTable& table, const KeyRule& rule) {
  StageChoices::Key key{std::string(rule.name), {}};
  const std::vector<ConfigTable::Scalar> scalars = table.scalars(rule.name);
  if ((key.tied_to = tie_of(scalars, rule.name))) return key;
  if (scalars.size() > kMostValues) {
    throw table.error(rule.name, fmt::format("has {} values; {} are the most", scalars.size(), kMostValues));
  }
  for (const ConfigTable::Scalar& scalar : scalars) {
    ChoiceValue value = read_value(table, rule, scalar);
    if (std::find(key.values.begin(), key.values.end(), value) != key.values.end()) {
      throw table.error(rule.name, fmt::format("names {} twice", spec::to_text(value)));
    }
    key.values.push_back(std::move(value));
  }
  return key;
}

// `key` of a design (one value) changed by each of the values of `change`; a value that comes twice is one.
void vary(const ConfigTable& table, StageChoices& choices, std::string_view name, std::string_view change,
          const std::function<double(double design, double value)>& changed) {
  if (!table.has(change)) return;
  const auto key = std::find_if(choices.keys.begin(), choices.keys.end(),
                                [&](const StageChoices::Key& one) { return one.name == name; });
  if (key == choices.keys.end() || key->tied_to || key->values.size() != 1) {
    throw table.error(change, fmt::format("changes '{}', which must be given as one value beside it", name));
  }
  const double design = std::get<double>(key->values[0]);
  key->values.clear();
  for (const double value : table.numbers(change)) {
    const double result = changed(design, value);
    if (!(result >= 1 && result <= 65536))
      throw table.error(change, fmt::format("makes '{}' {} of {}", name, result, design));
    if (std::find(key->values.begin(), key->values.end(), ChoiceValue(result)) == key->values.end())
      key->values.emplace_back(result);
  }
  if (key->values.empty()) throw table.error(change, "is an empty list", "give at least one value");
}

bool holds_expansion(const ChoiceValue& op) {
  return std::get<std::string>(op).find('_') != std::string::npos;
}

void require_complete(const ConfigTable& table, const StageChoices& choices) {
  const auto given = [&](std::string_view name) {
    return std::any_of(choices.keys.begin(), choices.keys.end(),
                       [&](const auto& key) { return key.name == name; });
  };
  if (given("block")) {
    if (choices.keys.size() == 1) return;
    throw table.error(
        "block", fmt::format("describes whole stages; '{}' cannot stand beside it", choices.keys[1].name));
  }
  if (given("expand") && given("op") &&
      std::any_of(choices.keys[0].values.begin(), choices.keys[0].values.end(), holds_expansion)) {
    throw table.error("expand", "stands beside operators that name their expansion",
                      "give the expansion with every operator, or with none");
  }
  if (!given("op")) throw table.error("op", "is missing", "for example op = \"mb\", or a list of operators");
  if (given("channels")) return;
  const std::vector<ChoiceValue>& ops = choices.keys[0].values;
  if (ops.size() == 1 && ops[0] == ChoiceValue("maxpool")) return;
  throw table.error("channels", "is missing", "for example channels = 24, or a list of widths");
}

// "mb", or with its expansion "mb_e3".
void set_op(Stage& stage, const std::string& text, std::string_view where) {
  if (text.find('_') == std::string::npos) {
    stage.op = spec::parse_op(text, where);
    return;
  }
  const Stage whole = spec::parse_stage(text + "_c1", where);
  Stage expected;
  expected.op = whole.op;
  expected.expand_ratio = whole.expand_ratio;
  expected.channels = 1;
  if (whole != expected) {
    throw spec::Error(
        spec::ErrorKind::kUsage, where, fmt::format("'{}' is no operator with its expansion", text),
        "for example mb_e3; other keys of a stage stand on lines of their own, or in block = [...]");
  }
  stage.op = whole.op;
  stage.expand_ratio = whole.expand_ratio;
}

}  // namespace

StageChoices read_stage_choices(const ConfigTable& table, int divisor) {
  StageChoices choices;
  for (const KeyRule& rule : kKeys) {
    if (table.has(rule.name)) choices.keys.push_back(read_key(table, rule));
  }
  vary(table, choices, "channels", "width", [&](double channels, double width) {
    return std::max<double>(divisor, std::floor(channels * width / divisor + 0.5) * divisor);
  });
  vary(table, choices, "repeats", "repeats_offset",
       [](double repeats, double offset) { return std::round(repeats + offset); });
  require_complete(table, choices);
  return choices;
}

void resolve_ties(StageChoices& choices, const std::vector<StageChoices>& earlier, const ConfigTable& table) {
  for (StageChoices::Key& key : choices.keys) {
    if (!key.tied_to) continue;
    const auto stage = static_cast<std::size_t>(*key.tied_to);
    if (*key.tied_to < 0 || stage >= earlier.size())
      throw table.error(key.name, "is tied to a stage that does not come before this one");
    const auto source = std::find_if(earlier[stage].keys.begin(), earlier[stage].keys.end(),
                                     [&](const StageChoices::Key& other) { return other.name == key.name; });
    if (source == earlier[stage].keys.end())
      throw table.error(key.name, fmt::format("is tied to stage {}, which has no '{}'", stage + 1, key.name));
    key.values = source->values;
    if (source->tied_to) key.tied_to = source->tied_to;
  }
}

void set_choice(Stage& stage, std::string_view key, const ChoiceValue& value, std::string_view where) {
  const bool text = rule_of(key).kind == Kind::kText || rule_of(key).kind == Kind::kTruth;
  if (text != std::holds_alternative<std::string>(value)) {
    throw spec::Error(spec::ErrorKind::kUsage, where,
                      fmt::format("'{}' is no value of '{}'", spec::to_text(value), key));
  }
  const auto integer = [&] { return static_cast<int>(std::get<double>(value)); };
  if (key == "block")
    stage = spec::parse_stage(std::get<std::string>(value), where);
  else if (key == "op")
    set_op(stage, std::get<std::string>(value), where);
  else if (key == "kernel")
    stage.kernel = integer();
  else if (key == "stride")
    stage.stride = integer();
  else if (key == "expand")
    stage.expand_ratio = std::get<double>(value);
  else if (key == "channels")
    stage.channels = integer();
  else if (key == "repeats")
    stage.repeats = integer();
  else if (key == "se")
    stage.se_ratio = std::get<double>(value);
  else if (key == "skip")
    stage.skip = std::get<std::string>(value) == "true";
  else if (key == "groups")
    stage.groups = integer();
  else if (key == "middle")
    stage.mid_channels = integer();
}

void drop_foreign_fields(Stage& stage) {
  const Stage defaults;
  if (stage.op != spec::Op::kMBConv && stage.op != spec::Op::kFused) {
    stage.expand_ratio = defaults.expand_ratio;
    stage.se_ratio = defaults.se_ratio;
    stage.skip = defaults.skip;
  }
  if (stage.op != spec::Op::kBottleneck) {
    stage.groups = defaults.groups;
    stage.mid_channels = defaults.mid_channels;
  }
  if (stage.op == spec::Op::kIdentity) stage.kernel = 1;
  if (stage.op == spec::Op::kMaxPool) stage.channels = 0;
}

bool cost_is_monotone_in(std::string_view key) {
  return rule_of(key).monotone;
}

}  // namespace effnet::search
