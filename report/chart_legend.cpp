#include "report/chart_legend.h"

#include <nlohmann/json.hpp>

#include "report/text_width.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kTextSize = 12;
constexpr double kRowHeight = 20;
constexpr double kBelow = 16;  // from the last row's middle to the plot
constexpr double kGap = 18;    // between items

bool has_line(LegendMark mark) {
  return mark != LegendMark::kFilled && mark != LegendMark::kHollow;
}
bool has_point(LegendMark mark) {
  return mark != LegendMark::kLine && mark != LegendMark::kDashedLine;
}

struct Placed {
  const LegendItem* item;
  double x;  // left end
  int row;
};

double key_width(const LegendItem& item) {
  return has_line(item.mark) ? 26 : 12;
}

std::vector<Placed> in_rows(const std::vector<LegendItem>& items, double width) {
  std::vector<Placed> placed;
  double x = 0;
  int row = 0;
  for (const LegendItem& item : items) {
    const double needed = key_width(item) + 6 + text_width(item.text, kTextSize);
    if (x > 0 && x + needed > width) {
      x = 0;
      ++row;
    }
    placed.push_back({&item, x, row});
    x += needed + kGap;
  }
  return placed;
}

Json at(double x, double y) {
  return {{"x", {{"value", x}}}, {"y", {{"value", y}}}};
}

// A layer of one mark needs one row of data of its own, or it is drawn once for every row of the chart.
Json one_mark(const Json& mark, const Json& encoding) {
  return {{"data", {{"values", Json::array({Json::object()})}}}, {"mark", mark}, {"encoding", encoding}};
}

void add_item(Json& layers, const Placed& placed, double y) {
  const LegendItem& item = *placed.item;
  const double key = key_width(item);
  if (has_line(item.mark)) {
    Json mark{{"type", "rule"}, {"stroke", item.colour}, {"strokeWidth", 2}};
    if (item.mark == LegendMark::kDashedLine) mark["strokeDash"] = {5, 3};
    Json encoding = at(placed.x, y);
    encoding["x2"] = {{"value", placed.x + key}};
    layers.push_back(one_mark(mark, encoding));
  }
  if (has_point(item.mark)) {
    const bool hollow = item.mark == LegendMark::kHollow || item.mark == LegendMark::kHollowOnLine;
    layers.push_back(one_mark({{"type", "point"},
                               {"shape", item.shape},
                               {"size", 76},
                               {"opacity", 1},
                               {"fill", hollow ? "white" : item.colour},
                               {"stroke", item.colour},
                               {"strokeWidth", 1.8}},
                              at(placed.x + key / 2, y)));
  }
  layers.push_back(one_mark({{"type", "text"},
                             {"text", item.text},
                             {"align", "left"},
                             {"baseline", "middle"},
                             {"fontSize", kTextSize},
                             {"fill", "#222222"}},
                            at(placed.x + key + 6, y)));
}

}  // namespace

std::string legend_layers(const std::vector<LegendItem>& items, int width) {
  Json layers = Json::array();
  const std::vector<Placed> placed = in_rows(items, width);
  const int last_row = placed.empty() ? 0 : placed.back().row;
  for (const Placed& item : placed) add_item(layers, item, -kBelow - kRowHeight * (last_row - item.row));
  return layers.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace effnet::report
