#include "report/belief_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "report/chart_frame.h"
#include "report/chart_style.h"
#include "spec/error.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kWidth = 130, kHeight = 74;  // of one plot, pixels
constexpr double kLabelRoom = 46;             // right of the last trial
constexpr double kLabelGap = 11;              // between names

// The curves of one choice.
using Curves = std::vector<const BeliefCurve*>;

std::map<std::pair<std::string, std::string>, Curves> by_choice(const std::vector<BeliefCurve>& curves) {
  std::map<std::pair<std::string, std::string>, Curves> choices;
  for (const BeliefCurve& curve : curves) choices[{curve.stage, curve.key}].push_back(&curve);
  return choices;
}

// Where the names at the ends of the lines stand: as near to their ends as they can without lying on one another.
std::vector<double> label_positions(const Curves& curves, const Axis& axis) {
  std::vector<std::size_t> order(curves.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return curves[a]->y.back() < curves[b]->y.back(); });
  const double gap = kLabelGap / kHeight * (axis.high - axis.low);
  std::vector<double> positions(curves.size());
  double sum = 0, wanted = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double end = curves[order[i]]->y.back();
    positions[order[i]] = i == 0 ? end : std::max(end, positions[order[i - 1]] + gap);
    sum += positions[order[i]];
    wanted += end;
  }
  // Pushed upwards so far; half of it goes back down, within the plot.
  const double lowest = positions[order.front()], highest = positions[order.back()];
  double shift = (wanted - sum) / static_cast<double>(curves.size());
  shift = std::min(shift, axis.high - highest);
  shift = std::max(shift, axis.low - lowest);
  for (double& position : positions) position += shift;
  return positions;
}

std::vector<std::string> in_order(const std::vector<BeliefCurve>& curves, std::string BeliefCurve::*name) {
  std::vector<std::string> names;
  for (const BeliefCurve& curve : curves) {
    if (std::find(names.begin(), names.end(), curve.*name) == names.end()) names.push_back(curve.*name);
  }
  return names;
}

ChartAxis y_axis(const std::vector<BeliefCurve>& curves, const BeliefChart& options) {
  if (options.probability) return {{0, 1, {0, 0.5, 1}}, AxisScale::kLinear, "", ".1f"};
  double most = 0.1;
  for (const BeliefCurve& curve : curves) {
    for (const double y : curve.y) most = std::max(most, std::abs(y));
  }
  const double tick = std::pow(10, std::floor(std::log10(most)));
  const double shown = std::floor(most / tick) * tick;
  return {{-1.05 * most, 1.05 * most, {-shown, 0, shown}}, AxisScale::kLinear, "", "~f"};
}

}  // namespace

std::string belief_chart(const std::vector<int>& trials, const std::vector<BeliefCurve>& curves,
                         const BeliefChart& options) {
  if (trials.empty() || curves.empty())
    throw spec::Error(spec::ErrorKind::kUsage, "belief chart", "the strategy has no beliefs to draw");
  const double last = trials.back();
  const ChartAxis y = y_axis(curves, options);
  const Axis told{0, last * (1 + kLabelRoom / kWidth), {0, std::round(last / 2), last}};
  const ChartAxis x{told, AxisScale::kLinear, "", "~d"};
  Json values = Json::array();
  for (const auto& [choice, of] : by_choice(curves)) {
    const std::vector<double> labels = label_positions(of, y.axis);
    for (std::size_t c = 0; c < of.size(); ++c) {
      for (std::size_t i = 0; i < trials.size(); ++i) {
        Json row{{"stage", choice.first}, {"key", choice.second},
                 {"value", of[c]->value}, {"x", trials[i]},
                 {"y", of[c]->y[i]},      {"order", c},
                 {"trials", trials[i]},   {"is", fmt::format("{:.3g}", of[c]->y[i])}};
        if (i + 1 == trials.size()) row["label"] = labels[c];
        values.push_back(std::move(row));
      }
    }
  }
  std::vector<std::string> colours;
  for (std::size_t i = 0; i < 8; ++i) colours.emplace_back(series_colour(i));
  const Json colour{{"field", "order"},
                    {"type", "nominal"},
                    {"scale", {{"domain", {0, 1, 2, 3, 4, 5, 6, 7}}, {"range", colours}}},
                    {"legend", nullptr}};
  Json line{
      {"x", Json::parse(channel_json(x, "x"))}, {"y", Json::parse(channel_json(y, "y"))}, {"color", colour}};
  Json tooltip = Json::array();
  for (const char* field : {"stage", "key", "value", "trials", "is"})
    tooltip.push_back({{"field", field}, {"type", "nominal"}});
  Json text = line, point = line;
  point["tooltip"] = tooltip;
  text["y"] = Json::parse(channel_json(y, "label"));
  text["text"] = {{"field", "value"}, {"type", "nominal"}};
  Json layers = Json::array();
  layers.push_back({{"mark", {{"type", "line"}, {"strokeWidth", 1.8}}}, {"encoding", line}});
  layers.push_back(
      {{"mark", {{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 0}}}, {"encoding", point}});
  layers.push_back(
      {{"transform", Json::array({{{"filter", "isValid(datum.label)"}}})},
       {"mark", {{"type", "text"}, {"align", "left"}, {"baseline", "middle"}, {"dx", 4}, {"fontSize", 10}}},
       {"encoding", text}});
  const auto header = [](std::string field, const std::vector<std::string>& order) {
    return Json{{"field", std::move(field)},
                {"type", "nominal"},
                {"sort", order},
                {"header", {{"title", nullptr}, {"labelFontSize", 11.5}, {"labelFontWeight", "bold"}}}};
  };
  const Json facet{{"row", header("stage", in_order(curves, &BeliefCurve::stage))},
                   {"column", header("key", in_order(curves, &BeliefCurve::key))}};
  std::vector<std::string> notes = options.notes;
  notes.insert(notes.begin(), fmt::format("{} against trials told.", options.y_title));
  return faceted_chart({options.title, notes, static_cast<int>(kWidth), static_cast<int>(kHeight)},
                       values.dump(), facet.dump(),
                       layers.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace effnet::report
