#include "spec/recipe.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "spec/atomic_file.h"
#include "spec/config_table.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::spec {
namespace {

template <class T>
constexpr bool is_word = std::is_enum_v<T>;

void set_word(OptimizerKind& field, std::string_view text, std::string_view where) {
  field = parse_optimizer(text, where);
}
void set_word(ScheduleKind& field, std::string_view text, std::string_view where) {
  field = parse_schedule(text, where);
}

}  // namespace

std::string_view to_text(OptimizerKind kind) {
  return kind == OptimizerKind::kSgd ? "sgd" : "rmsproptf";
}

std::string_view to_text(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::kConstant:
      return "constant";
    case ScheduleKind::kCosine:
      return "cosine";
    case ScheduleKind::kExponential:
      return "exponential";
  }
  return "?";
}

OptimizerKind parse_optimizer(std::string_view text, std::string_view where) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kRmspropTf}) {
    if (to_text(kind) == text) return kind;
  }
  throw Error(ErrorKind::kUsage, where, fmt::format("unknown optimizer '{}'", text),
              did_you_mean(text, {"sgd", "rmsproptf"}));
}

ScheduleKind parse_schedule(std::string_view text, std::string_view where) {
  for (const ScheduleKind kind :
       {ScheduleKind::kConstant, ScheduleKind::kCosine, ScheduleKind::kExponential}) {
    if (to_text(kind) == text) return kind;
  }
  throw Error(ErrorKind::kUsage, where, fmt::format("unknown schedule '{}'", text),
              did_you_mean(text, {"constant", "cosine", "exponential"}));
}

Recipe read_recipe(const std::filesystem::path& file) {
  return parse_recipe(read_file(file), file.string());
}

Recipe parse_recipe(std::string_view toml, std::string_view where) {
  const ConfigTable table = ConfigTable::parse(toml, where);
  const Recipe recipe = read_recipe(table, {});
  table.reject_unknown_keys();
  return recipe;
}

Recipe read_recipe(const ConfigTable& table, const Recipe& base) {
  Recipe recipe = base;
  for_each_field(recipe, [&](const char* name, const char*, auto& field) {
    using T = std::decay_t<decltype(field)>;
    if (!table.has(name)) return;
    if constexpr (is_word<T>) {
      set_word(field, table.string(name), table.where(name));
    } else if constexpr (std::is_same_v<T, bool>) {
      field = table.boolean(name);
    } else if constexpr (std::is_same_v<T, int>) {
      const std::int64_t value = table.integer(name);
      if (value < 0 || value > 1'000'000)
        throw table.error(name, fmt::format("{} is outside 0 .. 1000000", value));
      field = static_cast<int>(value);
    } else {
      field = table.number(name);
    }
  });
  check(recipe, table.where());
  return recipe;
}

std::string recipe_toml(const Recipe& recipe) {
  std::string text;
  for_each_field(recipe, [&](const char* name, const char* help, const auto& field) {
    if constexpr (is_word<std::decay_t<decltype(field)>>)
      text += fmt::format("{} = \"{}\"  # {}\n", name, to_text(field), help);
    else
      text += fmt::format("{} = {}  # {}\n", name, field, help);
  });
  return text;
}

std::string recipe_json(const Recipe& recipe) {
  nlohmann::ordered_json json;
  for_each_field(recipe, [&](const char* name, const char*, const auto& field) {
    if constexpr (is_word<std::decay_t<decltype(field)>>)
      json[name] = to_text(field);
    else
      json[name] = field;
  });
  return json.dump();
}

Recipe recipe_from_json(std::string_view text, std::string_view where) {
  Recipe recipe;
  try {
    const auto json = nlohmann::json::parse(text);
    for_each_field(recipe, [&](const char* name, const char*, auto& field) {
      using T = std::decay_t<decltype(field)>;
      if (!json.contains(name)) return;
      if constexpr (is_word<T>)
        set_word(field, json.at(name).template get<std::string>(), where);
      else
        field = json.at(name).template get<T>();
    });
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadData, where, fmt::format("is not a recipe: {}", error.what()));
  }
  check(recipe, where);
  return recipe;
}

void set_field(Recipe& recipe, std::string_view wanted, const std::variant<double, std::string>& value,
               std::string_view where) {
  const double* number = std::get_if<double>(&value);
  const std::string* word = std::get_if<std::string>(&value);
  const auto expected = [&](std::string_view what) {
    return Error(
        ErrorKind::kUsage, where,
        fmt::format("{} is {}, {} is expected", wanted, word ? *word : fmt::format("{}", *number), what));
  };
  std::vector<std::string> names;
  bool found = false;
  for_each_field(recipe, [&](const char* name, const char*, auto& field) {
    using T = std::decay_t<decltype(field)>;
    names.emplace_back(name);
    if (name != wanted) return;
    found = true;
    if constexpr (is_word<T>) {
      if (!word) throw expected("a word");
      set_word(field, *word, where);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!word || (*word != "true" && *word != "false")) throw expected("true or false");
      field = *word == "true";
    } else {
      if (!number || (std::is_same_v<T, int> && (*number != std::floor(*number) || std::abs(*number) > 1e6)))
        throw expected(std::is_same_v<T, int> ? "a whole number" : "a number");
      field = static_cast<T>(*number);
    }
  });
  if (!found) {
    throw Error(ErrorKind::kUsage, where, fmt::format("a recipe has no '{}'", wanted),
                did_you_mean(wanted, names));
  }
  check(recipe, where);
}

void check(const Recipe& r, std::string_view where) {
  const auto within = [&](double value, double low, double high, std::string_view name) {
    if (value >= low && value <= high) return;
    throw Error(ErrorKind::kUsage, where, fmt::format("{} is {}, outside {} .. {}", name, value, low, high));
  };
  within(r.lr_base, 0, 1e4, "lr_base");
  within(r.lr_base_size, 1, 1e9, "lr_base_size");
  within(r.momentum, 0, 1, "momentum");
  within(r.rms_decay, 0, 1, "rms_decay");
  within(r.opt_eps, 0, 1, "opt_eps");
  within(r.weight_decay, 0, 1, "weight_decay");
  within(r.warmup_epochs, 0, 1e6, "warmup_epochs");
  within(r.decay_epochs, 1e-3, 1e6, "decay_epochs");
  within(r.decay_rate, 1e-6, 1, "decay_rate");
  within(r.epochs, 1, 1e6, "epochs");
  within(r.batch_size, 1, 1e6, "batch_size");
  within(r.smoothing, 0, 0.99, "smoothing");
  within(r.ema_decay, 0, 0.9999999, "ema_decay");
  within(r.drop_path, 0, 0.99, "drop_path");
  within(r.drop, 0, 0.99, "drop");
  within(r.clip_grad, 0, 1e9, "clip_grad");
  within(r.crop_padding, 0, 1024, "crop_padding");
  within(r.reprob, 0, 1, "reprob");
  if (!(r.bn_momentum > 0 && r.bn_momentum <= 0.5)) {
    throw Error(ErrorKind::kUsage, where, fmt::format("bn_momentum is {}, outside 0 .. 0.5", r.bn_momentum),
                fmt::format("PyTorch's convention is meant; TensorFlow's {} is {:.4g} here", r.bn_momentum,
                            1 - r.bn_momentum));
  }
}

}  // namespace effnet::spec
