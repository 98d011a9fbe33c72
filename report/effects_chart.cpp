#include "report/effects_chart.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "report/chart_frame.h"
#include "report/chart_style.h"
#include "spec/error.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kRow = 16, kGap = 10;  // pixels: a value's row, above each choice

}  // namespace

std::string effects_chart(const std::vector<EffectRow>& rows, const EffectsChart& options) {
  if (rows.empty())
    throw spec::Error(spec::ErrorKind::kUsage, "effects chart", "there are no effects to draw");
  constexpr double kAny = std::numeric_limits<double>::infinity();
  std::vector<double> ends{0};
  Json values = Json::array();
  double y = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const EffectRow& row = rows[i];
    if (i > 0) y += kRow + (row.choice == rows[i - 1].choice ? 0 : kGap);
    ends.insert(ends.end(), {row.low, row.high});
    values.push_back({{"x", row.mean},
                      {"low", row.low},
                      {"high", row.high},
                      {"y", y + kRow / 2},
                      {"choice", row.choice},
                      {"value", row.value},
                      {"label", row.choice + " = " + row.value},
                      {"effect", fmt::format("{:+.2f} ({:+.2f} to {:+.2f})", row.mean, row.low, row.high)},
                      {"note", row.note}});
  }
  const double height = y + kRow;
  const ChartAxis x{linear_axis(ends, 0.2, -kAny, kAny), AxisScale::kLinear, options.effect_title};
  const auto across = [&](const char* field) {
    return Json{{"x", Json::parse(channel_json(x, field))},
                {"y", {{"field", "y"}, {"type", "quantitative"}, {"scale", nullptr}, {"axis", nullptr}}}};
  };
  Json layers = Json::array();
  layers.push_back({{"data", {{"values", Json::array({{{"x", 0}}})}}},
                    {"mark", {{"type", "rule"}, {"stroke", "#888888"}, {"strokeWidth", 1}}},
                    {"encoding", {{"x", Json::parse(channel_json(x, "x"))}}}});
  Json bars = across("low");
  bars["x2"] = {{"field", "high"}};
  layers.push_back({{"data", {{"values", values}}},
                    {"mark", {{"type", "rule"}, {"stroke", "#0072b2"}, {"strokeWidth", 1.4}}},
                    {"encoding", bars}});
  Json points = across("x");
  points["tooltip"] = Json::array();
  for (const char* field : {"choice", "value", "effect", "note"})
    points["tooltip"].push_back({{"field", field}, {"type", "nominal"}});
  layers.push_back(
      {{"data", {{"values", values}}},
       {"mark", {{"type", "point"}, {"filled", true}, {"fill", "#0072b2"}, {"size", 42}, {"opacity", 1}}},
       {"encoding", points}});
  Json labels = across("x");
  labels["x"] = {{"value", -8}};
  labels["text"] = {{"field", "label"}, {"type", "nominal"}};
  layers.push_back({{"data", {{"values", values}}},
                    {"mark",
                     {{"type", "text"},
                      {"align", "right"},
                      {"baseline", "middle"},
                      {"fontSize", kLabelSize},
                      {"color", kInk}}},
                    {"encoding", labels}});
  return framed_chart({options.title, options.notes, options.width, static_cast<int>(height)}, "[{}]",
                      layers.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace effnet::report
