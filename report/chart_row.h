// ChartRow: one point of an accuracy chart, and where it comes from. Published rows and nets trained here
// keep that mark through every table and chart; accuracy is top-1 and top-5 of the test set in percent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/run_record.h"

namespace effnet::report {

enum class RowGroup { kFamily, kBaseline, kHumanDesigned, kMachineDesigned, kRandomArm };
enum class RowSource { kPublished, kTrainedHere };

struct ChartRow {
  std::string name;   // "efficientnet-b1"
  std::string label;  // what the chart writes beside the point: "B1"
  RowGroup group = RowGroup::kFamily;
  RowSource source = RowSource::kPublished;
  std::string series;      // legend entry where it says more than the group; a family's line joins one series
  std::string provenance;  // "arXiv 1905.11946v5 table 2", or the run ids
  std::string note;        // what a reader should know about this row; may be empty
  std::string dataset;
  int resolution = 0;            // pixels; 0: not stated
  std::optional<double> params;  // absent: not published
  std::optional<double> macs;    // multiply-adds
  double top1 = 0;               // percent; the mean when there are several seeds
  std::optional<double> top5;
  std::optional<double> top1_low, top1_high;  // lowest and highest of several seeds
  int seeds = 1;
  int epochs = 0;                   // trained here: of the recipe
  std::int64_t train_pictures = 0;  // trained here: distinct pictures trained on

  bool operator==(const ChartRow&) const = default;
};

std::string_view to_text(RowGroup group);    // "family", "human-designed", ...
std::string_view to_text(RowSource source);  // "published", "trained here"
RowGroup parse_group(std::string_view text,
                     std::string_view where);  // Error{kBadData}; knows "b0-shaped" too

// The words of a row's legend entry: its series, or its group ("Human-designed").
std::string legend_entry(const ChartRow& row);

// "B0 (efficientnet-b0)", or the label alone where the name adds nothing but case.
std::string net_name(const ChartRow& row);

// Records of the same net (name, group, architecture, data, recipe) with other seeds become one row: mean and
// lowest..highest. A run id that is given twice counts once. Rows keep the order of their first record.
std::vector<ChartRow> rows_from_records(const std::vector<spec::RunRecord>& records);

}  // namespace effnet::report
