#include "report/accuracy_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "report/chart_axes.h"
#include "report/chart_frame.h"
#include "report/chart_labels.h"
#include "report/chart_legend.h"
#include "report/chart_style.h"
#include "report/chart_subtitle.h"
#include "report/label_layout.h"
#include "report/number_text.h"
#include "report/text_width.h"
#include "spec/error.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMarkerArea = 76;   // Vega's size of a point: square pixels
constexpr double kMarkerRadius = 6;  // what a label has to keep clear of
constexpr double kLeastSpan = 2;     // percent points of the y axis: noise is not blown up
constexpr std::size_t kMostLabels = 90;

double x_of(const ChartRow& row, ChartX x) {
  return (x == ChartX::kParams ? row.params : row.macs).value_or(0);
}

// Rows and axes together: everything the layers need.
struct Plot {
  std::vector<ChartRow> rows;  // drawn, families in order of cost
  ChartX x;
  double width, height;
  Axis x_axis, y_axis;

  double px(const ChartRow& row) const { return log_position(x_axis, x_of(row, x), width); }
  double py(double top1) const { return height - linear_position(y_axis, top1, height); }
};

Plot make_plot(const std::vector<ChartRow>& rows, const AccuracyChart& options) {
  Plot plot{{}, options.x, static_cast<double>(options.width), static_cast<double>(options.height), {}, {}};
  std::vector<double> xs, ys;
  for (const ChartRow& row : rows) {
    const double x = x_of(row, options.x);
    if (!(x > 0) || !std::isfinite(x) || !std::isfinite(row.top1)) continue;
    plot.rows.push_back(row);
    xs.push_back(x);
    for (const double y : {row.top1, row.top1_low.value_or(row.top1), row.top1_high.value_or(row.top1)})
      ys.push_back(y);
  }
  if (plot.rows.empty()) {
    throw spec::Error(spec::ErrorKind::kUsage, "chart", "no row has an accuracy and a value for the x axis",
                      "give run folders of finished trainings, or a published table; --x params has more "
                      "rows than --x macs");
  }
  std::stable_sort(plot.rows.begin(), plot.rows.end(), [](const ChartRow& a, const ChartRow& b) {
    const auto cost = [](const ChartRow& r) { return std::tuple(r.macs.value_or(0), r.params.value_or(0)); };
    return cost(a) < cost(b);
  });
  plot.x_axis = log_axis(xs);
  plot.y_axis = percent_axis(ys, kLeastSpan);
  return plot;
}

Json x_encoding(const Plot& plot, const char* field) {
  const char* title = plot.x == ChartX::kParams ? "Parameters (log scale)"
                                                : "Multiply-adds for one picture, MACs (log scale)";
  return Json::parse(channel_json({plot.x_axis, AxisScale::kLog, title, "~s"}, field));
}

Json y_encoding(const Plot& plot, const char* field) {
  return Json::parse(channel_json({plot.y_axis, AxisScale::kLinear, "Top-1 accuracy, %"}, field));
}

// The scale from legend entry to colour or marker.
Json entry_encoding(const Json& domain, const Json& range) {
  return {{"field", "group"},
          {"type", "nominal"},
          {"scale", {{"domain", domain}, {"range", range}}},
          {"legend", nullptr}};
}

Json colour_encoding(const std::vector<LegendStyle>& styles) {
  Json domain = Json::array(), range = Json::array();
  for (const LegendStyle& style : styles) {
    domain.push_back(style.entry);
    range.push_back(style.colour);
  }
  return entry_encoding(domain, range);
}

Json shape_encoding(const std::vector<LegendStyle>& styles) {
  Json domain = Json::array(), range = Json::array();
  for (const LegendStyle& style : styles) {
    domain.push_back(style.entry);
    range.push_back(style.shape);
  }
  return entry_encoding(domain, range);
}

Json row_values(const Plot& plot) {
  Json values = Json::array();
  for (const ChartRow& row : plot.rows) {
    const auto count = [&](const std::optional<double>& n) -> std::string {
      if (!n) return "not published";
      if (row.source == RowSource::kPublished) return rounded_count(*n);
      return fmt::format("{} ({})", short_count(*n), grouped_count(*n));
    };
    Json value{{"net", net_name(row)},
               {"x", x_of(row, plot.x)},
               {"top1", row.top1},
               {"group", legend_entry(row)},
               {"source", to_text(row.source)},
               {"top-1", fmt::format("{:.2f} %", row.top1)},
               {"parameters", count(row.params)},
               {"MACs", count(row.macs)},
               {"pixels", row.resolution > 0 ? std::to_string(row.resolution) : "not stated"},
               {"top-5", row.top5 ? fmt::format("{:.2f} %", *row.top5) : "not published"},
               {"data set", dataset_title(row.dataset)},
               {"from", row.provenance},
               {"note", row.note.empty() ? "-" : row.note}};
    if (row.top1_low && row.top1_high) {
      value["low"] = *row.top1_low;
      value["high"] = *row.top1_high;
      value["seeds"] = fmt::format("{}, top-1 {:.2f} to {:.2f} %", row.seeds, *row.top1_low, *row.top1_high);
    } else {
      value["seeds"] = row.source == RowSource::kPublished ? "as published" : "1";
    }
    values.push_back(value);
  }
  return values;
}

Json line_layer(const Plot& plot, const std::vector<LegendStyle>& styles) {
  Json values = Json::array();
  for (std::size_t i = 0; i < plot.rows.size(); ++i) {
    const ChartRow& row = plot.rows[i];
    if (row.group != RowGroup::kFamily) continue;
    values.push_back({{"x", x_of(row, plot.x)},
                      {"top1", row.top1},
                      {"group", legend_entry(row)},
                      {"source", to_text(row.source)},
                      {"step", i}});
  }
  return {{"data", {{"values", values}}},
          {"mark", {{"type", "line"}, {"strokeWidth", 2}, {"opacity", 0.85}}},
          {"encoding",
           {{"x", x_encoding(plot, "x")},
            {"y", y_encoding(plot, "top1")},
            {"stroke", colour_encoding(styles)},
            {"detail", {{"field", "source"}, {"type", "nominal"}}},
            {"order", {{"field", "step"}, {"type", "quantitative"}}}}}};
}

void add_error_bars(Json& layers, const Plot& plot, const std::vector<LegendStyle>& styles) {
  const Json only_with_spread{{{"filter", "isValid(datum.low)"}}};
  layers.push_back({{"transform", only_with_spread},
                    {"mark", {{"type", "rule"}, {"strokeWidth", 1.3}}},
                    {"encoding",
                     {{"x", x_encoding(plot, "x")},
                      {"y", y_encoding(plot, "low")},
                      {"y2", {{"field", "high"}}},
                      {"stroke", colour_encoding(styles)}}}});
  for (const char* end : {"low", "high"}) {
    layers.push_back(
        {{"transform", only_with_spread},
         {"mark", {{"type", "tick"}, {"orient", "horizontal"}, {"size", 7}, {"thickness", 1.3}}},
         {"encoding",
          {{"x", x_encoding(plot, "x")}, {"y", y_encoding(plot, end)}, {"color", colour_encoding(styles)}}}});
  }
}

void add_points(Json& layers, const Plot& plot, const std::vector<LegendStyle>& styles) {
  Json tooltip = Json::array();
  for (const char* field : {"net", "top-1", "top-5", "parameters", "MACs", "pixels", "group", "source",
                            "seeds", "data set", "from", "note"})
    tooltip.push_back({{"field", field}, {"type", "nominal"}});
  Json encoding{{"x", x_encoding(plot, "x")},
                {"y", y_encoding(plot, "top1")},
                {"shape", shape_encoding(styles)},
                {"tooltip", tooltip}};
  for (const RowSource source : {RowSource::kPublished, RowSource::kTrainedHere}) {
    Json mark{{"type", "point"}, {"opacity", 1}};
    if (source == RowSource::kPublished) {  // a thin white edge keeps overlapping markers apart
      mark.update({{"size", kMarkerArea + 44}, {"stroke", "white"}, {"strokeWidth", 1}});
      encoding["fill"] = colour_encoding(styles);
    } else {  // filled with white, not nothing: lines and bars would shine through
      mark.update({{"size", kMarkerArea}, {"fill", "white"}, {"strokeWidth", 1.8}});
      encoding.erase("fill");
      encoding["stroke"] = colour_encoding(styles);
    }
    const Json only{{{"filter", fmt::format("datum.source === '{}'", to_text(source))}}};
    layers.push_back({{"transform", only}, {"mark", mark}, {"encoding", encoding}});
  }
}

// Every entry as it is drawn, then what filled and hollow mean.
std::vector<LegendItem> legend_items(const Plot& plot, const std::vector<LegendStyle>& styles) {
  const auto occurs = [&](RowSource source, const std::string& entry) {
    return std::any_of(plot.rows.begin(), plot.rows.end(), [&](const ChartRow& row) {
      return row.source == source && (entry.empty() || legend_entry(row) == entry);
    });
  };
  std::vector<LegendItem> items;
  for (const LegendStyle& style : styles) {
    const bool filled = occurs(RowSource::kPublished, style.entry);
    const bool line = style.group == RowGroup::kFamily;
    items.push_back({style.entry, style.colour, style.shape,
                     line     ? (filled ? LegendMark::kFilledOnLine : LegendMark::kHollowOnLine)
                     : filled ? LegendMark::kFilled
                              : LegendMark::kHollow});
  }
  if (occurs(RowSource::kPublished, {}))
    items.push_back({"filled: published", "#888888", "circle", LegendMark::kFilled});
  if (occurs(RowSource::kTrainedHere, {}))
    items.push_back({"hollow: trained here", "#888888", "circle", LegendMark::kHollow});
  return items;
}

// What labels should keep off: family lines and error bars.
std::vector<Segment> drawn_lines(const Plot& plot) {
  std::vector<Segment> lines;
  for (std::size_t i = 0; i < plot.rows.size(); ++i) {
    const ChartRow& row = plot.rows[i];
    if (row.top1_low && row.top1_high) {
      const double x = plot.px(row), low = plot.py(*row.top1_low), high = plot.py(*row.top1_high);
      lines.push_back({x, low, x, high});
      for (const double end : {low, high}) lines.push_back({x - 4, end, x + 4, end});
    }
    if (row.group != RowGroup::kFamily) continue;
    const auto next = std::find_if(plot.rows.begin() + static_cast<std::ptrdiff_t>(i) + 1, plot.rows.end(),
                                   [&](const ChartRow& other) {
                                     return other.group == row.group && other.source == row.source &&
                                            legend_entry(other) == legend_entry(row);
                                   });
    if (next != plot.rows.end())
      lines.push_back({plot.px(row), plot.py(row.top1), plot.px(*next), plot.py(next->top1)});
  }
  return lines;
}

std::vector<PlacedLabel> labels_of(const Plot& plot) {
  std::vector<LabelledPoint> points;
  std::size_t labels = 0;
  for (const ChartRow& row : plot.rows) {
    const bool family = row.group == RowGroup::kFamily;
    const FontWeight weight = family ? FontWeight::kBold : FontWeight::kNormal;
    const bool named = family || labels < kMostLabels;
    labels += named;
    points.push_back({.x = plot.px(row),
                      .y = plot.py(row.top1),
                      .radius = kMarkerRadius,
                      .width = named ? text_width(row.label, kLabelSize, weight) : 0,
                      .height = kLabelSize + 1,
                      .first = family});
  }
  return place_labels(points, drawn_lines(plot), {2, 2, plot.width - 2, plot.height - 2});
}

std::vector<LabelText> label_texts(const Plot& plot, const std::vector<LegendStyle>& styles) {
  std::vector<LabelText> texts;
  for (const ChartRow& row : plot.rows) {
    if (row.group != RowGroup::kFamily) {
      texts.push_back({.text = row.label});
      continue;
    }
    const auto style = std::find_if(styles.begin(), styles.end(), [&](const LegendStyle& candidate) {
      return candidate.entry == legend_entry(row);
    });
    texts.push_back({.text = row.label, .colour = style->colour, .bold = true});
  }
  return texts;
}

void check_one_dataset(const std::vector<ChartRow>& rows) {
  for (const ChartRow& row : rows) {
    if (row.dataset == rows.front().dataset) continue;
    throw spec::Error(
        spec::ErrorKind::kUsage, "chart",
        fmt::format("the rows are of different data sets, '{}' and '{}'", rows.front().dataset, row.dataset),
        "accuracies on different data do not compare: draw one chart for each data set");
  }
}

}  // namespace

std::string accuracy_chart(const std::vector<ChartRow>& rows, const AccuracyChart& options) {
  check_one_dataset(rows);
  const Plot plot = make_plot(rows, options);
  const std::vector<LegendStyle> styles = legend_styles(plot.rows);

  std::vector<std::string> subtitle = row_sentences(plot.rows);
  std::string missing;
  for (const ChartRow& row : rows) {
    if (x_of(row, options.x) > 0) continue;
    missing += (missing.empty() ? "" : ", ") + row.label;
  }
  if (!missing.empty()) {
    subtitle.push_back(fmt::format("Not drawn, no {} published: {}.",
                                   options.x == ChartX::kParams ? "parameters" : "multiply-adds", missing));
  }
  subtitle.insert(subtitle.end(), options.notes.begin(), options.notes.end());
  const std::string title = !options.title.empty()         ? options.title
                            : options.x == ChartX::kParams ? "Accuracy against parameters"
                                                           : "Accuracy against multiply-adds";
  Json layers = Json::array();
  layers.push_back(line_layer(plot, styles));
  add_error_bars(layers, plot, styles);
  add_points(layers, plot, styles);
  for (const std::string& more : {label_layers(labels_of(plot), label_texts(plot, styles)),
                                  legend_layers(legend_items(plot, styles), options.width)})
    for (const Json& layer : Json::parse(more)) layers.push_back(layer);
  const auto dumped = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  return framed_chart({title, subtitle, options.width, options.height}, dumped(row_values(plot)),
                      dumped(layers));
}

std::vector<std::vector<ChartRow>> split_by_dataset(const std::vector<ChartRow>& rows) {
  std::vector<std::vector<ChartRow>> sets;
  for (const ChartRow& row : rows) {
    const auto same = std::find_if(sets.begin(), sets.end(),
                                   [&](const auto& set) { return set.front().dataset == row.dataset; });
    if (same == sets.end())
      sets.push_back({row});
    else
      same->push_back(row);
  }
  return sets;
}

}  // namespace effnet::report
