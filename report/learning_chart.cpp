#include "report/learning_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
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

constexpr double kLabelRoom = 170;  // pixels right of the plot where names may stand

struct Plot {
  std::vector<LearningCurve> curves;  // finite points only, in order of epoch; none empty
  std::vector<std::string> runs;      // in order of first appearance: a colour each
  ChartAxis x, y;
  double width, height;

  std::string colour(const LearningCurve& curve) const {
    const auto run = std::find(runs.begin(), runs.end(), curve.run);
    return std::string(series_colour(static_cast<std::size_t>(run - runs.begin())));
  }
};

Plot make_plot(const std::vector<LearningCurve>& curves, const LearningChart& options) {
  Plot plot{{}, {}, {}, {}, static_cast<double>(options.width), static_cast<double>(options.height)};
  std::vector<double> epochs{0}, values;
  for (LearningCurve curve : curves) {
    std::erase_if(curve.points,
                  [](const CurvePoint& p) { return !std::isfinite(p.epoch) || !std::isfinite(p.value); });
    if (curve.points.empty()) continue;
    std::stable_sort(curve.points.begin(), curve.points.end(),
                     [](const CurvePoint& a, const CurvePoint& b) { return a.epoch < b.epoch; });
    for (const CurvePoint& point : curve.points) {
      epochs.push_back(point.epoch);
      values.push_back(point.value);
    }
    if (std::find(plot.runs.begin(), plot.runs.end(), curve.run) == plot.runs.end())
      plot.runs.push_back(curve.run);
    plot.curves.push_back(std::move(curve));
  }
  if (values.empty()) {
    throw spec::Error(spec::ErrorKind::kUsage, "learning chart", "no run has a finite value to draw",
                      "look into the log of the run");
  }
  constexpr double kAny = std::numeric_limits<double>::infinity();
  plot.x = {linear_axis(epochs, 1, 0, kAny), AxisScale::kLinear, "Epoch"};
  plot.x.axis.high = *std::max_element(epochs.begin(), epochs.end());
  if (plot.x.axis.high <= 0) plot.x.axis.high = 1;
  std::erase_if(plot.x.axis.ticks, [&](double tick) { return tick > plot.x.axis.high; });
  plot.y = {linear_axis(values, 0.02, -kAny, kAny), AxisScale::kLinear, options.value_title};
  return plot;
}

void add_curve(Json& layers, const LearningCurve& curve, const Plot& plot) {
  Json values = Json::array();
  for (const CurvePoint& point : curve.points) {
    values.push_back({{"x", point.epoch},
                      {"y", point.value},
                      {"run", curve.run},
                      {"part", curve.part == CurvePart::kHeldOut ? "held out" : "training"},
                      {"epoch", fmt::format("{:.4g}", point.epoch)},
                      {"value", fmt::format("{:.4g}", point.value)}});
  }
  Json tooltip = Json::array();
  for (const char* field : {"run", "part", "epoch", "value"})
    tooltip.push_back({{"field", field}, {"type", "nominal"}});
  const std::string colour = plot.colour(curve);
  Json encoding{{"x", Json::parse(channel_json(plot.x, "x"))}, {"y", Json::parse(channel_json(plot.y, "y"))}};
  Json line{{"type", "line"}, {"stroke", colour}, {"strokeWidth", 1.8}};
  if (curve.part == CurvePart::kTraining) line["strokeDash"] = {5, 3};
  layers.push_back({{"data", {{"values", values}}}, {"mark", line}, {"encoding", encoding}});
  encoding["tooltip"] = tooltip;
  layers.push_back(
      {{"data", {{"values", values}}},
       {"mark", {{"type", "point"}, {"filled", true}, {"fill", colour}, {"size", 18}, {"opacity", 1}}},
       {"encoding", encoding}});
}

// One name a run, beside the end of its held-out curve (or of the only one it has).
std::string named_ends(const Plot& plot) {
  std::vector<LabelledPoint> ends;
  std::vector<LabelText> texts;
  for (const std::string& run : plot.runs) {
    const LearningCurve* chosen = nullptr;
    for (const LearningCurve& curve : plot.curves) {
      if (curve.run == run && (chosen == nullptr || curve.part == CurvePart::kHeldOut)) chosen = &curve;
    }
    const CurvePoint& last = chosen->points.back();
    ends.push_back({.x = linear_position(plot.x.axis, last.epoch, plot.width),
                    .y = plot.height - linear_position(plot.y.axis, last.value, plot.height),
                    .radius = 3,
                    .width = text_width(run, kLabelSize, FontWeight::kBold),
                    .height = kLabelSize + 1});
    texts.push_back({run, plot.colour(*chosen), true});
  }
  // A bar over the plot's right edge keeps the names outside of it where they fit.
  const Segment edge{plot.width - 6, 0, plot.width - 6, plot.height};
  return label_layers(place_labels(ends, {edge}, {0, 0, plot.width + kLabelRoom, plot.height}), texts);
}

}  // namespace

std::string learning_chart(const std::vector<LearningCurve>& curves, const LearningChart& options) {
  const Plot plot = make_plot(curves, options);
  Json layers = Json::array();
  for (const LearningCurve& curve : plot.curves) add_curve(layers, curve, plot);
  const auto has = [&](CurvePart part) {
    return std::any_of(plot.curves.begin(), plot.curves.end(),
                       [&](const LearningCurve& curve) { return curve.part == part; });
  };
  std::vector<LegendItem> items;
  if (has(CurvePart::kHeldOut)) items.push_back({"held out", "#555555", "circle", LegendMark::kLine});
  if (has(CurvePart::kTraining)) items.push_back({"training", "#555555", "circle", LegendMark::kDashedLine});
  for (const std::string& more : {named_ends(plot), legend_layers(items, options.width)})
    for (const Json& layer : Json::parse(more)) layers.push_back(layer);
  return framed_chart({options.title, options.notes, options.width, options.height}, "[{}]",
                      layers.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace effnet::report
