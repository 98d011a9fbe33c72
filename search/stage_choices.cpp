#include "search/stage_choices.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

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

StageChoices::Key read_key(const ConfigTable& table, const KeyRule& rule) {
  StageChoices::Key key{std::string(rule.name), {}};
  const std::vector<ConfigTable::Scalar> scalars = table.scalars(rule.name);
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
  if (!given("op")) throw table.error("op", "is missing", "for example op = \"mb\", or a list of operators");
  if (given("channels")) return;
  const std::vector<ChoiceValue>& ops = choices.keys[0].values;
  if (ops.size() == 1 && ops[0] == ChoiceValue("maxpool")) return;
  throw table.error("channels", "is missing", "for example channels = 24, or a list of widths");
}

}  // namespace

StageChoices read_stage_choices(const ConfigTable& table) {
  StageChoices choices;
  for (const KeyRule& rule : kKeys) {
    if (table.has(rule.name)) choices.keys.push_back(read_key(table, rule));
  }
  require_complete(table, choices);
  return choices;
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
    stage.op = spec::parse_op(std::get<std::string>(value), where);
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
