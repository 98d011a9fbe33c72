#include "report/chart_frame.h"

#include <nlohmann/json.hpp>

#include "report/chart_style.h"
#include "report/text_width.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFont = "Helvetica, Arial, 'Liberation Sans', sans-serif";
constexpr double kTitleSize = 16;

std::string dumped(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json title_of(const ChartFrame& frame) {
  Json lines = Json::array();
  for (const std::string& sentence : frame.subtitle)
    for (const std::string& line : wrapped(sentence, kSubtitleSize, frame.width)) lines.push_back(line);
  return {{"text", wrapped(frame.title, kTitleSize * 1.08, frame.width)},
          {"subtitle", lines},
          {"anchor", "start"},
          {"frame", "group"},
          {"fontSize", kTitleSize},
          {"fontWeight", "bold"},
          {"color", kInk},
          {"subtitleFontSize", kSubtitleSize},
          {"subtitleColor", kQuietInk},
          {"subtitlePadding", 6},
          {"subtitleLineHeight", 16},
          {"offset", 14}};
}

Json config() {
  return {{"font", kFont},
          {"background", "white"},
          {"padding", 12},
          {"view", {{"stroke", nullptr}}},
          {"axis",
           {{"labelColor", kInk},
            {"labelFontSize", 11.5},
            {"titleColor", kInk},
            {"titleFontSize", 12.5},
            {"titleFontWeight", "normal"},
            {"titlePadding", 9},
            {"gridColor", "#e6e6e6"},
            {"gridWidth", 0.8},
            {"domainColor", "#888888"},
            {"tickColor", "#888888"},
            {"tickSize", 4},
            {"labelPadding", 4},
            {"labelFlush", false}}}};
}

}  // namespace

std::string framed_chart(const ChartFrame& frame, std::string_view values_json,
                         std::string_view layers_json) {
  return dumped({{"$schema", "https://vega.github.io/schema/vega-lite/v6.json"},
                 {"title", title_of(frame)},
                 {"width", frame.width},
                 {"height", frame.height},
                 {"data", {{"values", Json::parse(values_json)}}},
                 {"layer", Json::parse(layers_json)},
                 {"config", config()}},
                1);
}

std::string faceted_chart(const ChartFrame& frame, std::string_view values_json, std::string_view facet_json,
                          std::string_view layers_json) {
  constexpr int kTitleWidth = 760;
  ChartFrame wide = frame;
  wide.width = kTitleWidth;
  Json look = config();
  look["view"]["stroke"] = "#d0d0d0";
  return dumped(
      {{"$schema", "https://vega.github.io/schema/vega-lite/v6.json"},
       {"title", title_of(wide)},
       {"data", {{"values", Json::parse(values_json)}}},
       {"facet", Json::parse(facet_json)},
       {"spacing", 14},
       {"spec", {{"width", frame.width}, {"height", frame.height}, {"layer", Json::parse(layers_json)}}},
       {"config", look}},
      1);
}

std::string channel_json(const ChartAxis& axis, std::string_view field) {
  Json scale{{"domain", {axis.axis.low, axis.axis.high}}, {"nice", false}, {"zero", false}};
  if (axis.scale == AxisScale::kLog) scale = {{"type", "log"}, {"domain", scale["domain"]}, {"nice", false}};
  return dumped({{"field", field},
                 {"type", "quantitative"},
                 {"scale", scale},
                 {"axis", {{"title", axis.title}, {"values", axis.axis.ticks}, {"format", axis.format}}}},
                -1);
}

}  // namespace effnet::report
