#include "apps/effnet/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/kernel_choice.h"
#include "search/auto_strategy.h"
#include "search/builtin_spaces.h"
#include "search/objective_words.h"
#include "spec/atomic_file.h"
#include "spec/config_table.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using spec::ConfigTable;

constexpr double kLargestPhi = 20;  // as in effnet scale

int count_in(const ConfigTable& table, std::string_view key, int fallback, int low, int high) {
  const std::int64_t value = table.integer_or(key, fallback);
  if (value < low || value > high)
    throw table.error(key, fmt::format("{} is outside {} .. {}", value, low, high));
  return static_cast<int>(value);
}

spec::Budget read_budget(const ConfigTable& table) {
  spec::Budget budget{.pictures = table.integer("pictures"),
                      .epochs = count_in(table, "epochs", 1, 1, 10'000)};
  if (budget.pictures < 1) throw table.error("pictures", "must be at least 1");
  return budget;
}

// A cost, target or weight is one value or a list; a weight also a text like "-0.02:-0.15".
search::Objective read_objective(const ConfigTable& table) {
  search::ObjectiveWords words;
  words.form = table.string_or("objective", words.form);
  const auto words_of = [&](std::string_view key) {
    std::vector<std::string> texts;
    for (const ConfigTable::Scalar& value : table.scalars(key)) {
      if (const auto* text = std::get_if<std::string>(&value))
        texts.push_back(*text);
      else if (const auto* number = std::get_if<double>(&value))
        texts.push_back(fmt::format("{}", *number));
      else if (const auto* whole = std::get_if<std::int64_t>(&value))
        texts.push_back(fmt::format("{}", *whole));
      else
        throw table.error(key, "a number or a text is expected");
    }
    return texts;
  };
  if (table.has("cost")) words.costs = words_of("cost");
  if (table.has("weight")) words.weights = words_of("weight");
  if (search::parse_objective_form(words.form, table.where("objective")) == search::ObjectiveForm::kPareto)
    throw table.error("objective", "a plan is after one net, and 'pareto' after many",
                      "search the front by itself with 'effnet search --objective pareto'");
  words.targets = table.numbers("target");
  return search::objective_of(words, {.form = table.where("objective"),
                                      .cost = table.where("cost"),
                                      .target = table.where("target"),
                                      .weight = table.where("weight")});
}

void read_search(const ConfigTable& table, Plan& plan) {
  plan.space = table.string_or("space", plan.space);
  plan.strategy = table.string_or("strategy", plan.strategy);
  plan.objective = read_objective(table);
  plan.trials = count_in(table, "trials", 16, 1, 1'000'000);
  search::check_strategy(plan.strategy, search::load_space(plan.space), plan.trials,
                         plan.objective);  // before anything is measured or written
  plan.random_trials = count_in(table, "random_trials", plan.trials, 0, 1'000'000);
  plan.child = read_budget(table);
  plan.finalists = count_in(table, "finalists", 2, 1, 1000);
  plan.finalist_seeds = count_in(table, "finalist_seeds", 2, 1, 1000);
  plan.rank_check_nets = count_in(table, "rank_check_nets", 0, 0, 1000);
  if (plan.rank_check_nets == 0) return;
  if (plan.rank_check_nets < 3)
    throw table.error("rank_check_nets", "must be 0, or at least 3 for a rank to mean something");
  if (plan.rank_check_nets > plan.random_trials)
    throw table.error("rank_check_nets",
                      fmt::format("the random arm, whose nets they are, has only {}", plan.random_trials));
}

void read_fit(const ConfigTable& table, Plan& plan) {
  plan.grid.alpha = scaling::parse_range(table.string_or("alpha", "1:2"), table.where("alpha"));
  plan.grid.beta = scaling::parse_range(table.string_or("beta", "1:1.5"), table.where("beta"));
  plan.grid.gamma = scaling::parse_range(table.string_or("gamma", "1:1.5"), table.where("gamma"));
  plan.grid.step =
      scaling::parse_decimal(fmt::format("{}", table.number_or("step", 0.05)), table.where("step"));
  plan.grid.tolerance =
      scaling::parse_decimal(fmt::format("{}", table.number_or("tolerance", 0.08)), table.where("tolerance"));
  plan.fit_nets = count_in(table, "nets", 0, 0, 100'000);
  plan.fit_seeds = count_in(table, "seeds", 1, 1, 1000);
  plan.fit_child = read_budget(table);
}

void read_family(const ConfigTable& table, Plan& plan) {
  if (table.has("phi")) plan.phi = table.numbers("phi");
  if (plan.phi.empty() || plan.phi.front() != 0)
    throw table.error("phi", "must start with 0, the baseline itself");
  for (const double phi : plan.phi) {
    if (!(std::abs(phi) <= kLargestPhi))
      throw table.error("phi", fmt::format("{} is outside -{} .. {}", phi, kLargestPhi, kLargestPhi));
  }
  if (table.has("seeds")) {
    plan.seeds.clear();
    for (const ConfigTable::Scalar& seed : table.scalars("seeds")) {
      const std::int64_t* value = std::get_if<std::int64_t>(&seed);
      if (!value || *value < 0)
        throw table.error("seeds", "whole numbers from 0 are expected, for example [1, 2]");
      plan.seeds.push_back(static_cast<std::uint64_t>(*value));
    }
  }
  plan.train_pictures = table.integer_or("pictures", 0);
  if (plan.train_pictures < 0) throw table.error("pictures", "must be at least 0, which means all");
}

Rival read_rival(const ConfigTable& table) {
  Rival rival;
  rival.name = table.string("name");
  rival.group = table.string_or("group", "human-designed");
  constexpr std::array kGroups{"baseline", "human-designed", "machine-designed"};
  if (std::find(kGroups.begin(), kGroups.end(), rival.group) == kGroups.end())
    throw table.error("group",
                      fmt::format("'{}' is unknown; known: {}", rival.group, fmt::join(kGroups, ", ")));
  rival.arch = spec::parse_arch(table.string("arch"), table.where("arch"));
  const std::string grow = table.string_or("grow", "width");
  if (grow == "width")
    rival.grow = {.alpha = 1, .beta = 1.1, .gamma = 1};
  else if (grow == "compound")
    rival.grow = {};
  else
    throw table.error("grow", fmt::format("'{}' is unknown; 'width' or 'compound' is expected", grow));
  for (const ConfigTable::Scalar& member : table.scalars("match")) {
    const std::string* name = std::get_if<std::string>(&member);
    if (!name)
      throw table.error("match", "names of family members are expected, for example [\"b0\", \"b2\"]");
    rival.match.push_back(*name);
  }
  return rival;
}

void check_matches(const ConfigTable& table, const Plan& plan) {
  for (const Rival& rival : plan.rivals) {
    for (const std::string& member : rival.match) {
      bool known = false;
      for (std::size_t i = 0; i < plan.phi.size(); ++i) known = known || member == fmt::format("b{}", i);
      if (!known)
        throw table.error("rival", fmt::format("'{}' is to match '{}', which the family does not have",
                                               rival.name, member));
    }
  }
}

}  // namespace

Plan read_plan(const std::filesystem::path& file) {
  return parse_plan(spec::read_file(file), file.string());
}

Plan parse_plan(std::string_view toml, std::string_view where) {
  Plan plan;
  plan.text = toml;
  const ConfigTable table = ConfigTable::parse(plan.text, where);
  plan.name = table.string("name");
  if (plan.name.empty() || plan.name.find('/') != std::string::npos)
    throw table.error("name", "must be a word without '/'; the output folder is called after it");
  plan.seed = static_cast<std::uint64_t>(table.integer_or("seed", 1));
  plan.workers = count_in(table, "workers", 2, 1, 1024);
  plan.threads = count_in(table, "threads", 1, 1, 1024);
  plan.kernels = table.string_or("kernels", plan.kernels);
  check_kernel_choice(plan.kernels, table.where("kernels"));
  if (table.has("data")) {
    const ConfigTable data = table.table("data");
    plan.data.data_dir = data.string_or("data_dir", "");
    plan.data.dataset = data.string_or("dataset", plan.data.dataset);
    plan.data.holdout = data.integer_or("holdout", plan.data.holdout);
    if (plan.data.holdout < 1) throw data.error("holdout", "must be at least 1: all scores are made there");
    plan.data.split_seed = static_cast<std::uint64_t>(data.integer_or("split_seed", 1));
  }
  if (table.has("recipe")) plan.recipe = spec::read_recipe(table.table("recipe"), plan.recipe);
  read_search(table.table("search"), plan);
  read_fit(table.table("fit"), plan);
  read_family(table.table("family"), plan);
  for (const ConfigTable& rival : table.tables("rival")) plan.rivals.push_back(read_rival(rival));
  table.reject_unknown_keys();
  check_matches(table, plan);
  return plan;
}

void check(const Plan& plan, const search::Space& space, const DatasetInfo& info) {
  using spec::Error;
  using spec::ErrorKind;
  const spec::ArchSpec net = space.extreme(spec::CostKind::kMacs, search::Extreme::kCheapest).arch;
  if (net.input_channels != info.channels || net.classes < info.classes) {
    throw Error(
        ErrorKind::kUsage, fmt::format("space '{}'", plan.space),
        fmt::format("its nets take {} channels and know {} classes; '{}' has pictures of {} in {} classes",
                    net.input_channels, net.classes, info.name, info.channels, info.classes),
        "set channels and classes in the space's [skeleton], or give other pictures");
  }
  if (info.test_pictures < 1) {
    throw Error(ErrorKind::kBadData, plan.data.data_dir,
                "has no test pictures, on which the family is compared", "give the data set a test part");
  }
  const std::int64_t left = info.train_pictures - plan.data.holdout;
  const std::pair<const char*, std::int64_t> wishes[] = {{"search.pictures", plan.child.pictures},
                                                         {"fit.pictures", plan.fit_child.pictures},
                                                         {"family.pictures", plan.final_pictures(info)}};
  for (const auto& [key, pictures] : wishes) {
    if (pictures >= 1 && pictures <= left) continue;
    throw Error(ErrorKind::kUsage, fmt::format("plan '{}', {}", plan.name, key),
                fmt::format("{} pictures are asked for; '{}' has {} to train on and {} of them are held out",
                            pictures, info.name, info.train_pictures, plan.data.holdout),
                "ask for fewer, or hold out fewer (data.holdout)");
  }
}

}  // namespace effnet::apps
