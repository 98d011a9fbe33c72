#include "report/grid_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "report/chart_frame.h"
#include "report/chart_labels.h"
#include "report/chart_legend.h"
#include "report/chart_style.h"
#include "report/label_layout.h"
#include "report/text_width.h"
#include "spec/error.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMarkerRadius = 6;

struct StandingLook {
  GridStanding standing;
  const char* text;
  const char* colour;
  const char* shape;
  LegendMark mark;
};
// Drawn in this order: the winner last, on top.
constexpr std::array<StandingLook, 4> kLooks{
    {{GridStanding::kOtherCost, "other cost, not compared", "#a0a0a0", "triangle-down", LegendMark::kHollow},
     {GridStanding::kBehind, "behind", "#0072b2", "square", LegendMark::kHollow},
     {GridStanding::kWithinNoise, "within noise of the winner", "#d55e00", "circle", LegendMark::kHollow},
     {GridStanding::kWinner, "winner", "#d55e00", "circle", LegendMark::kFilled}}};

struct Plot {
  ChartAxis x, y;
  double width, height;
  double px(double ratio) const { return linear_position(x.axis, ratio, width); }
  double py(double accuracy) const { return height - linear_position(y.axis, accuracy, height); }
};

Plot make_plot(const std::vector<GridPoint>& points, const GridChart& options) {
  if (points.empty())
    throw spec::Error(spec::ErrorKind::kUsage, "grid chart", "there are no points", "run the fit first");
  std::vector<double> ratios, accuracies;
  for (const GridPoint& point : points) {
    ratios.push_back(point.cost_ratio);
    for (const double y :
         {point.accuracy, point.low.value_or(point.accuracy), point.high.value_or(point.accuracy)})
      accuracies.push_back(y);
  }
  return {{linear_axis(ratios, 0.2, 0, 1e9), AxisScale::kLinear, "Realised MACs over the baseline's"},
          {percent_axis(accuracies, 1), AxisScale::kLinear, "Top-1 accuracy, %"},
          static_cast<double>(options.width),
          static_cast<double>(options.height)};
}

std::string name_of(const GridPoint& point) {
  return fmt::format("{:.4g} / {:.4g} / {:.4g}", point.alpha, point.beta, point.gamma);
}

bool labelled(const GridPoint& point) {
  return point.standing == GridStanding::kWinner || point.standing == GridStanding::kWithinNoise;
}

Json encoding_of(const Plot& plot, const char* y_field) {
  return {{"x", Json::parse(channel_json(plot.x, "x"))}, {"y", Json::parse(channel_json(plot.y, y_field))}};
}

void add_noise_band(Json& layers, const std::vector<GridPoint>& points, const Plot& plot, double noise) {
  const auto winner = std::find_if(points.begin(), points.end(), [](const GridPoint& point) {
    return point.standing == GridStanding::kWinner;
  });
  if (noise <= 0 || winner == points.end()) return;
  const double low = std::max(winner->accuracy - noise, plot.y.axis.low);
  Json encoding{{"y", Json::parse(channel_json(plot.y, "low"))},
                {"y2", {{"field", "high"}}},
                {"x", {{"value", 0}}},
                {"x2", {{"value", plot.width}}}};
  layers.push_back({{"data", {{"values", Json::array({{{"low", low}, {"high", winner->accuracy}}})}}},
                    {"mark", {{"type", "rect"}, {"fill", "#d55e00"}, {"opacity", 0.09}}},
                    {"encoding", encoding}});
}

void add_points(Json& layers, const std::vector<GridPoint>& points, const Plot& plot,
                const StandingLook& look) {
  Json values = Json::array();
  for (const GridPoint& point : points) {
    if (point.standing != look.standing) continue;
    const std::string spread =
        point.low && point.high ? fmt::format(" ({:.2f} to {:.2f})", *point.low, *point.high) : "";
    Json value{{"x", point.cost_ratio},
               {"y", point.accuracy},
               {"alpha / beta / gamma", name_of(point)},
               {"top-1", fmt::format("{:.2f} %{}", point.accuracy, spread)},
               {"realised cost", fmt::format("{:.3f} times", point.cost_ratio)},
               {"standing", look.text},
               {"note", point.note.empty() ? "-" : point.note}};
    if (point.low && point.high) value.update({{"low", *point.low}, {"high", *point.high}});
    values.push_back(value);
  }
  if (values.empty()) return;
  Json bars = encoding_of(plot, "low");
  bars["y2"] = {{"field", "high"}};
  layers.push_back({{"data", {{"values", values}}},
                    {"transform", Json::array({{{"filter", "isValid(datum.low)"}}})},
                    {"mark", {{"type", "rule"}, {"stroke", look.colour}, {"strokeWidth", 1.2}}},
                    {"encoding", bars}});
  Json encoding = encoding_of(plot, "y");
  encoding["tooltip"] = Json::array();
  for (const char* field : {"alpha / beta / gamma", "top-1", "realised cost", "standing", "note"})
    encoding["tooltip"].push_back({{"field", field}, {"type", "nominal"}});
  const bool filled = look.mark == LegendMark::kFilled;
  layers.push_back({{"data", {{"values", values}}},
                    {"mark",
                     {{"type", "point"},
                      {"shape", look.shape},
                      {"size", filled ? 110 : 60},
                      {"fill", filled ? look.colour : "white"},
                      {"stroke", look.colour},
                      {"strokeWidth", 1.6},
                      {"opacity", 1}}},
                    {"encoding", encoding}});
}

std::string named_points(const std::vector<GridPoint>& points, const Plot& plot) {
  std::vector<LabelledPoint> wanted;
  std::vector<LabelText> texts;
  std::vector<Segment> bars;
  for (const GridPoint& point : points) {
    const bool winner = point.standing == GridStanding::kWinner;
    const double x = plot.px(point.cost_ratio);
    const FontWeight weight = winner ? FontWeight::kBold : FontWeight::kNormal;
    wanted.push_back({.x = x,
                      .y = plot.py(point.accuracy),
                      .radius = kMarkerRadius,
                      .width = labelled(point) ? text_width(name_of(point), kLabelSize, weight) : 0,
                      .height = kLabelSize + 1,
                      .first = winner});
    texts.push_back({name_of(point), winner ? "#d55e00" : "#333333", winner});
    if (point.low && point.high) bars.push_back({x, plot.py(*point.low), x, plot.py(*point.high)});
  }
  return label_layers(place_labels(wanted, bars, {2, 2, plot.width - 2, plot.height - 2}), texts);
}

}  // namespace

std::string grid_chart(const std::vector<GridPoint>& points, const GridChart& options) {
  const Plot plot = make_plot(points, options);
  Json layers = Json::array();
  std::vector<LegendItem> items;
  add_noise_band(layers, points, plot, options.noise);
  for (const StandingLook& look : kLooks) {
    add_points(layers, points, plot, look);
    if (std::any_of(points.begin(), points.end(),
                    [&](const GridPoint& point) { return point.standing == look.standing; }))
      items.insert(items.begin(), {look.text, look.colour, look.shape, look.mark});
  }
  for (const std::string& more : {named_points(points, plot), legend_layers(items, options.width)})
    for (const Json& layer : Json::parse(more)) layers.push_back(layer);
  std::vector<std::string> notes = options.notes;
  notes.insert(notes.begin(), "Labels are alpha / beta / gamma: depth, width and resolution at phi = 1.");
  return framed_chart({options.title, notes, options.width, options.height}, "[{}]",
                      layers.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace effnet::report
