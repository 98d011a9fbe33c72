#include "apps/effnet_train/recipe_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <type_traits>

#include "spec/error.h"

namespace effnet::apps {
namespace {

std::string flag_name(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

spec::OptimizerKind parse_word(const std::string& text, spec::OptimizerKind, const std::string& where) {
  return spec::parse_optimizer(text, where);
}
spec::ScheduleKind parse_word(const std::string& text, spec::ScheduleKind, const std::string& where) {
  return spec::parse_schedule(text, where);
}

template <class T>
void set_field(spec::Recipe& recipe, std::string_view wanted, const T& value) {
  spec::for_each_field(recipe, [&](std::string_view name, const char*, auto& field) {
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, T>) {
      if (name == wanted) field = value;
    }
  });
}

}  // namespace

void add_recipe_flags(CLI::App& command, RecipeFlags& flags) {
  const std::string group = "Recipe";
  command
      .add_option("--recipe", flags.file, "recipe file (TOML); the flags below change single fields of it")
      ->group(group);
  command.add_option("--lr", flags.lr, "learning rate itself, instead of --lr-base")->group(group);
  spec::Recipe defaults;
  spec::for_each_field(defaults, [&](const char* name, const char* help, auto& field) {
    using T = std::decay_t<decltype(field)>;
    const std::string flag = flag_name(name);
    const std::string described = fmt::format("{} [{}]", help, [&] {
      if constexpr (std::is_enum_v<T>)
        return std::string(spec::to_text(field));
      else
        return fmt::format("{}", field);
    }());
    const auto set = [name, &flags](const T& value) {
      flags.given.emplace_back([name, value](spec::Recipe& recipe) { set_field(recipe, name, value); });
    };
    if constexpr (std::is_same_v<T, bool>) {
      command
          .add_flag_function(
              fmt::format("{},!--no-{}", flag, flag.substr(2)), [set](std::int64_t count) { set(count > 0); },
              described)
          ->group(group);
    } else if constexpr (std::is_enum_v<T>) {
      command
          .add_option_function<std::string>(
              flag, [set, flag](const std::string& text) { set(parse_word(text, T{}, flag)); }, described)
          ->group(group);
    } else {
      command.add_option_function<T>(flag, set, described)->group(group);
    }
  });
}

spec::Recipe recipe_from(const RecipeFlags& flags) {
  spec::Recipe recipe = flags.file.empty() ? spec::Recipe{} : spec::read_recipe(flags.file);
  for (const auto& set : flags.given) set(recipe);
  if (flags.lr) {
    if (!(*flags.lr > 0 && *flags.lr < 1e6))
      throw spec::Error(spec::ErrorKind::kUsage, "--lr", fmt::format("{} is not a learning rate", *flags.lr),
                        "a number above 0 is expected, for example 0.05");
    recipe.lr_base = *flags.lr * recipe.lr_base_size / recipe.batch_size;
  }
  spec::check(recipe, "flags");
  return recipe;
}

}  // namespace effnet::apps
