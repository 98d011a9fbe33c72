#include "report/regret_chart.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/chart_frame.h"
#include "report/chart_legend.h"
#include "spec/error.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kColours{"#d55e00", "#6e6e6e", "#0072b2", "#009e73"};

struct Axes {
  ChartAxis x, y;
};

Axes axes_of(const std::vector<RegretArm>& arms, const std::vector<RegretBand>& band) {
  constexpr double kAny = std::numeric_limits<double>::infinity();
  std::vector<double> numbers{0}, points{0};
  bool scored = false;
  for (const RegretArm& arm : arms) {
    numbers.push_back(static_cast<double>(arm.points.size()));
    for (const std::optional<double>& value : arm.points) {
      if (!value) continue;
      points.push_back(*value);
      scored = true;
    }
  }
  for (const RegretBand& at : band) points.push_back(at.high);
  if (!scored) {
    throw spec::Error(spec::ErrorKind::kUsage, "regret chart", "no trial has a reward",
                      "look into the trial store for why the trials failed");
  }
  return {{linear_axis(numbers, 4, 0, kAny), AxisScale::kLinear, "Trials"},
          {linear_axis(points, 0.2, 0, kAny), AxisScale::kLinear, "Points of reward"}};
}

Json encoding_of(const Axes& axes, const char* y) {
  return {{"x", Json::parse(channel_json(axes.x, "x"))}, {"y", Json::parse(channel_json(axes.y, y))}};
}

void add_band(Json& layers, const std::vector<RegretBand>& band, const Axes& axes) {
  Json values = Json::array();
  for (std::size_t i = 0; i < band.size(); ++i)
    values.push_back({{"x", i + 1}, {"low", band[i].low}, {"high", band[i].high}});
  Json encoding = encoding_of(axes, "low");
  encoding["y2"] = {{"field", "high"}};
  layers.push_back(
      {{"data", {{"values", values}}},
       {"mark", {{"type", "area"}, {"interpolate", "step-after"}, {"fill", "#6e6e6e"}, {"opacity", 0.16}}},
       {"encoding", encoding}});
}

void add_arm(Json& layers, const RegretArm& arm, const char* colour, const Axes& axes) {
  Json values = Json::array();
  for (std::size_t i = 0; i < arm.points.size(); ++i) {
    if (!arm.points[i]) continue;
    values.push_back({{"x", i + 1},
                      {"y", *arm.points[i]},
                      {"arm", arm.name},
                      {"trials", i + 1},
                      {"lacking", fmt::format("{:.2f} points", *arm.points[i])}});
  }
  Json encoding = encoding_of(axes, "y");
  encoding["tooltip"] = Json::array();
  for (const char* field : {"arm", "trials", "lacking"})
    encoding["tooltip"].push_back({{"field", field}, {"type", "nominal"}});
  layers.push_back({{"data", {{"values", values}}},
                    {"mark",
                     {{"type", "line"},
                      {"interpolate", "step-after"},
                      {"stroke", colour},
                      {"strokeWidth", 2.2},
                      {"point", {{"size", 12}, {"fill", colour}, {"opacity", 1}}}}},
                    {"encoding", encoding}});
}

}  // namespace

std::string regret_chart(const std::vector<RegretArm>& arms, const std::vector<RegretBand>& band,
                         const RegretChart& options) {
  const Axes axes = axes_of(arms, band);
  Json layers = Json::array();
  std::vector<LegendItem> items;
  if (!band.empty()) add_band(layers, band, axes);
  for (std::size_t i = arms.size(); i-- > 0;) {  // search on top
    const char* colour = kColours[i % kColours.size()];
    add_arm(layers, arms[i], colour, axes);
    items.insert(items.begin(), {arms[i].name, colour, "circle", LegendMark::kLine});
  }
  if (!band.empty()) items.push_back({options.band_name, "#d9d9d9", "square", LegendMark::kFilled});
  for (const Json& layer : Json::parse(legend_layers(items, options.width))) layers.push_back(layer);
  return framed_chart({options.title, options.notes, options.width, options.height}, "[{}]",
                      layers.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace effnet::report
