#include "report/search_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/chart_frame.h"
#include "report/chart_legend.h"
#include "report/chart_style.h"
#include "spec/error.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

struct Axes {
  ChartAxis x, y;
};

Axes axes_of(const std::vector<SearchArm>& arms, const SearchChart& options) {
  constexpr double kAny = std::numeric_limits<double>::infinity();
  std::vector<double> numbers, rewards;
  for (const SearchArm& arm : arms) {
    for (const ProgressTrial& trial : arm.trials) {
      numbers.push_back(trial.number);
      if (trial.reward && std::isfinite(*trial.reward)) rewards.push_back(*trial.reward);
    }
  }
  if (rewards.empty()) {
    throw spec::Error(spec::ErrorKind::kUsage, "search chart", "no trial has a reward",
                      "look into the trial store for why the trials failed");
  }
  return {{linear_axis(numbers, 4, -0.5, kAny), AxisScale::kLinear, "Trial"},
          {linear_axis(rewards, 0.002, -kAny, kAny), AxisScale::kLinear, options.reward_title}};
}

void add_arm(Json& layers, const SearchArm& arm, const ArmLook& look, const Axes& axes) {
  std::vector<ProgressTrial> trials = arm.trials;
  std::stable_sort(trials.begin(), trials.end(),
                   [](const ProgressTrial& a, const ProgressTrial& b) { return a.number < b.number; });
  Json scored = Json::array(), failed = Json::array(), best_line = Json::array();
  double best = -std::numeric_limits<double>::infinity();
  for (const ProgressTrial& trial : trials) {
    Json value{{"x", trial.number}, {"trial", trial.number}, {"arm", arm.name}, {"what", trial.what}};
    if (trial.reward && std::isfinite(*trial.reward)) {
      best = std::max(best, *trial.reward);
      value["y"] = *trial.reward;
      value["reward"] = fmt::format("{:.4f}", *trial.reward);
      scored.push_back(value);
    } else {
      value["y"] = axes.y.axis.low;
      value["reward"] = "failed";
      failed.push_back(value);
    }
    if (std::isfinite(best)) best_line.push_back({{"x", trial.number}, {"y", best}});
  }
  Json tooltip = Json::array();
  for (const char* field : {"arm", "trial", "reward", "what"})
    tooltip.push_back({{"field", field}, {"type", "nominal"}});
  Json encoding{{"x", Json::parse(channel_json(axes.x, "x"))}, {"y", Json::parse(channel_json(axes.y, "y"))}};
  layers.push_back(
      {{"data", {{"values", best_line}}},
       {"mark",
        {{"type", "line"}, {"interpolate", "step-after"}, {"stroke", look.colour}, {"strokeWidth", 2.2}}},
       {"encoding", encoding}});
  encoding["tooltip"] = tooltip;
  layers.push_back({{"data", {{"values", scored}}},
                    {"mark",
                     {{"type", "point"},
                      {"shape", look.shape},
                      {"size", 34},
                      {"fill", look.colour},
                      {"fillOpacity", 0.45},
                      {"stroke", look.colour},
                      {"strokeOpacity", 0.7},
                      {"strokeWidth", 0.8},
                      {"opacity", 1}}},
                    {"encoding", encoding}});
  layers.push_back({{"data", {{"values", failed}}},
                    {"mark",
                     {{"type", "point"},
                      {"shape", "M-0.7,-0.7L0.7,0.7M-0.7,0.7L0.7,-0.7"},
                      {"size", 40},
                      {"stroke", look.colour},
                      {"strokeWidth", 1.4},
                      {"opacity", 1}}},
                    {"encoding", encoding}});
}

std::vector<LegendItem> legend_items(const std::vector<SearchArm>& arms) {
  std::vector<LegendItem> items;
  bool failures = false;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const ArmLook look = arm_look(i);
    items.push_back({arms[i].name, look.colour, look.shape, LegendMark::kFilled});
    items.push_back({"best so far", look.colour, look.shape, LegendMark::kLine});
    for (const ProgressTrial& trial : arms[i].trials)
      failures |= !trial.reward || !std::isfinite(*trial.reward);
  }
  if (failures)
    items.push_back({"failed", "#555555", "M-0.7,-0.7L0.7,0.7M-0.7,0.7L0.7,-0.7", LegendMark::kFilled});
  return items;
}

}  // namespace

std::string search_chart(const std::vector<SearchArm>& arms, const SearchChart& options) {
  const Axes axes = axes_of(arms, options);
  Json layers = Json::array();
  for (std::size_t i = arms.size(); i-- > 0;) add_arm(layers, arms[i], arm_look(i), axes);  // search on top
  for (const Json& layer : Json::parse(legend_layers(legend_items(arms), options.width)))
    layers.push_back(layer);
  return framed_chart({options.title, options.notes, options.width, options.height}, "[{}]",
                      layers.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace effnet::report
