#include "report/pareto_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/chart_frame.h"
#include "report/chart_legend.h"
#include "report/chart_style.h"
#include "report/number_text.h"
#include "spec/error.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFrontColour = "#009e73";

struct Axes {
  ChartAxis x, y;
};

Json encoding_of(const Axes& axes) {
  return {{"x", Json::parse(channel_json(axes.x, "x"))}, {"y", Json::parse(channel_json(axes.y, "y"))}};
}

Json value_of(const ParetoPoint& point) {
  return {{"x", point.cost},
          {"y", point.accuracy},
          {"arm", point.arm},
          {"net", point.what},
          {"cost", short_count(point.cost)},
          {"top-1", fmt::format("{:.2f} %", point.accuracy)}};
}

void add_points(Json& layers, const std::vector<ParetoPoint>& points, const Axes& axes, const ArmLook& look,
                double size, double opacity) {
  Json values = Json::array();
  for (const ParetoPoint& point : points) values.push_back(value_of(point));
  Json encoding = encoding_of(axes);
  encoding["tooltip"] = Json::array();
  for (const char* field : {"arm", "net", "top-1", "cost"})
    encoding["tooltip"].push_back({{"field", field}, {"type", "nominal"}});
  layers.push_back({{"data", {{"values", values}}},
                    {"mark",
                     {{"type", "point"},
                      {"shape", look.shape},
                      {"size", size},
                      {"fill", look.colour},
                      {"fillOpacity", opacity},
                      {"stroke", look.colour},
                      {"strokeWidth", 0.9},
                      {"opacity", 1}}},
                    {"encoding", encoding}});
}

void add_front(Json& layers, std::vector<ParetoPoint> front, const Axes& axes) {
  std::sort(front.begin(), front.end(),
            [](const ParetoPoint& a, const ParetoPoint& b) { return a.cost < b.cost; });
  Json values = Json::array();
  for (const ParetoPoint& point : front) values.push_back(value_of(point));
  layers.push_back(
      {{"data", {{"values", values}}},
       {"mark",
        {{"type", "line"}, {"interpolate", "step-after"}, {"stroke", kFrontColour}, {"strokeWidth", 1.8}}},
       {"encoding", encoding_of(axes)}});
}

void add_target(Json& layers, double target, const Axes& axes) {
  layers.push_back({{"data", {{"values", Json::array({{{"x", target}}})}}},
                    {"mark", {{"type", "rule"}, {"stroke", "#888888"}, {"strokeDash", {5, 3}}}},
                    {"encoding", {{"x", Json::parse(channel_json(axes.x, "x"))}}}});
}

}  // namespace

std::string pareto_chart(const std::vector<ParetoPoint>& points, const ParetoChart& options) {
  if (points.empty())
    throw spec::Error(spec::ErrorKind::kUsage, "Pareto chart", "no trial has a score",
                      "look into the trial store for why the trials failed");
  std::vector<double> costs, accuracies;
  std::vector<std::string> arms;
  std::vector<ParetoPoint> front, winners;
  for (const ParetoPoint& point : points) {
    costs.push_back(point.cost);
    accuracies.push_back(point.accuracy);
    if (std::find(arms.begin(), arms.end(), point.arm) == arms.end()) arms.push_back(point.arm);
    if (point.on_front) front.push_back(point);
    if (point.winner) winners.push_back(point);
  }
  if (options.target) costs.push_back(*options.target);
  const Axes axes{{log_axis(costs), AxisScale::kLog, options.cost_title, "~s"},
                  {percent_axis(accuracies, 1), AxisScale::kLinear, "Top-1 accuracy, %"}};
  Json layers = Json::array();
  std::vector<LegendItem> items;
  if (options.target) add_target(layers, *options.target, axes);
  add_front(layers, front, axes);
  for (std::size_t i = arms.size(); i-- > 0;) {
    const ArmLook look = arm_look(i);
    std::vector<ParetoPoint> of_arm;
    std::copy_if(points.begin(), points.end(), std::back_inserter(of_arm),
                 [&](const ParetoPoint& point) { return point.arm == arms[i]; });
    add_points(layers, of_arm, axes, look, 36, 0.4);
    items.insert(items.begin(), {arms[i], look.colour, look.shape, LegendMark::kFilled});
  }
  add_points(layers, front, axes, {kFrontColour, "circle"}, 40, 1);
  items.push_back({"not beaten in both", kFrontColour, "circle", LegendMark::kFilledOnLine});
  if (!winners.empty()) {
    add_points(layers, winners, axes, {"#222222", "diamond"}, 110, 1);
    items.push_back({"winner", "#222222", "diamond", LegendMark::kFilled});
  }
  if (options.target) items.push_back({"wanted cost", "#888888", "circle", LegendMark::kDashedLine});
  for (const Json& layer : Json::parse(legend_layers(items, options.width))) layers.push_back(layer);
  return framed_chart({options.title, options.notes, options.width, options.height}, "[{}]",
                      layers.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace effnet::report
