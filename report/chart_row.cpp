#include "report/chart_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <tuple>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::report {
namespace {

using spec::RunRecord;

constexpr std::array<std::pair<std::string_view, RowGroup>, 6> kGroups{{
    {"family", RowGroup::kFamily},
    {"baseline", RowGroup::kBaseline},
    {"human-designed", RowGroup::kHumanDesigned},
    {"machine-designed", RowGroup::kMachineDesigned},
    {"random-arm", RowGroup::kRandomArm},
    {"b0-shaped", RowGroup::kBaseline},
}};

auto identity(const RunRecord& r) {
  return std::tuple(r.name, r.group, spec::to_text(r.arch), r.dataset, r.fingerprint, r.train_pictures,
                    spec::recipe_json(r.recipe));
}

std::string series_of(const RunRecord& record) {
  if (record.group == "b0-shaped") return "B0-shaped, equal MACs";
  if (record.group == "family") return "Family found here";
  return {};
}

ChartRow row_of(const std::vector<const RunRecord*>& runs) {
  const RunRecord& first = *runs.front();
  ChartRow row{.name = first.name,
               .label = first.name,
               .group = parse_group(first.group, "run " + first.run),
               .source = RowSource::kTrainedHere,
               .series = series_of(first),
               .dataset = first.dataset,
               .resolution = first.arch.resolution,
               .params = static_cast<double>(first.cost.params),
               .macs = static_cast<double>(first.cost.macs),
               .top1_low = first.top1,
               .top1_high = first.top1,
               .epochs = first.recipe.epochs,
               .train_pictures = first.train_pictures};
  double top1 = 0, top5 = 0;
  std::set<std::uint64_t> seeds;
  for (const RunRecord* run : runs) {
    top1 += run->top1;
    top5 += run->top5;
    seeds.insert(run->seed);
    row.top1_low = std::min(*row.top1_low, run->top1);
    row.top1_high = std::max(*row.top1_high, run->top1);
    row.provenance += (row.provenance.empty() ? "" : ", ") + run->run;
  }
  row.provenance = (runs.size() == 1 ? "run " : "runs ") + row.provenance;
  row.top1 = top1 / static_cast<double>(runs.size());
  row.top5 = top5 / static_cast<double>(runs.size());
  row.seeds = static_cast<int>(seeds.size());
  if (runs.size() == 1) row.top1_low = row.top1_high = std::nullopt;
  return row;
}

}  // namespace

std::string_view to_text(RowGroup group) {
  return std::find_if(kGroups.begin(), kGroups.end(), [&](const auto& g) { return g.second == group; })
      ->first;
}

std::string_view to_text(RowSource source) {
  return source == RowSource::kPublished ? "published" : "trained here";
}

RowGroup parse_group(std::string_view text, std::string_view where) {
  std::vector<std::string> known;
  for (const auto& [word, group] : kGroups) {
    if (word == text) return group;
    known.emplace_back(word);
  }
  throw spec::Error(spec::ErrorKind::kBadData, where, fmt::format("group '{}' is not known", text),
                    spec::did_you_mean(text, known));
}

std::string legend_entry(const ChartRow& row) {
  if (!row.series.empty()) return row.series;
  std::string words(to_text(row.group));
  words.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(words.front())));
  return row.group == RowGroup::kRandomArm ? "Random arm of the search" : words;
}

std::string net_name(const ChartRow& row) {
  const bool same =
      std::equal(row.label.begin(), row.label.end(), row.name.begin(), row.name.end(),
                 [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
  return same ? row.label : fmt::format("{} ({})", row.label, row.name);
}

std::vector<ChartRow> rows_from_records(const std::vector<RunRecord>& records) {
  std::vector<std::pair<decltype(identity(records.front())), std::vector<const RunRecord*>>> nets;
  std::set<std::string> seen;
  for (const RunRecord& record : records) {
    if (!seen.insert(record.run).second) continue;
    const auto key = identity(record);
    const auto net = std::find_if(nets.begin(), nets.end(), [&](const auto& n) { return n.first == key; });
    if (net == nets.end())
      nets.push_back({key, {&record}});
    else
      net->second.push_back(&record);
  }
  std::vector<ChartRow> rows;
  for (const auto& [key, runs] : nets) rows.push_back(row_of(runs));
  return rows;
}

}  // namespace effnet::report
