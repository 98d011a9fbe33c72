#include "apps/bench_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/machine.h"
#include "apps/version.h"
#include "cpu/isa.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;

Json row_json(const BenchRow& row) {
  Json json{{"case", row.name}, {"images_per_second", row.images_per_second}};
  if (!row.peer.empty()) {
    json["peer"] = row.peer;
    json["peer_images_per_second"] = row.peer_images_per_second;
    json["ratio"] = row.ratio();
  }
  if (row.floor > 0) {
    json["floor"] = row.floor;
    json["held"] = !row.missed();
  }
  if (row.peak_megabytes > 0) {
    json["peak_megabytes"] = row.peak_megabytes;
    json["peer_peak_megabytes"] = row.peer_peak_megabytes;
  }
  if (row.children_per_hour > 0) {
    json["children_per_hour"] = row.children_per_hour;
    json["peer_children_per_hour"] = row.peer_children_per_hour;
  }
  return json;
}

std::string floor_text(const BenchRow& row) {
  return row.floor > 0 ? fmt::format("{:.2f}x {}", row.floor, row.missed() ? "missed" : "held") : "";
}

std::string remark(const BenchRow& row) {
  if (row.children_per_hour > 0)
    return fmt::format("{:.0f} ({:.0f}) children an hour", row.children_per_hour, row.peer_children_per_hour);
  if (row.peak_megabytes > 0)
    return fmt::format("{:.0f} ({:.0f}) MB at most", row.peak_megabytes, row.peer_peak_megabytes);
  return "";
}

}  // namespace

std::string bench_json(const std::vector<BenchRow>& rows, int threads) {
  Json json;
  json["machine"] = machine_name();
  json["kernels"] = cpu::best_kernels().name;
  json["torch"] = kTorchVersion;
  if (threads > 0) json["threads"] = threads;
  json["cases"] = Json::array();
  for (const BenchRow& row : rows) json["cases"].push_back(row_json(row));
  return json.dump(2) + "\n";
}

std::string bench_text(const std::vector<BenchRow>& rows, int threads) {
  std::string text =
      fmt::format("{}, {} kernels, LibTorch {}", machine_name(), cpu::best_kernels().name, kTorchVersion);
  if (threads > 0) text += fmt::format(", {} thread{}", threads, threads == 1 ? "" : "s");
  std::size_t width = 0;
  for (const BenchRow& row : rows) width = std::max(width, row.name.size());
  text += fmt::format("\n\n{:<{}} {:>10} {:>10} {:>7}  {:<12}  {}\n", "case", width, "images/s", "peer",
                      "ratio", "floor", "(peer)");
  for (const BenchRow& row : rows) {
    const bool alone = row.peer.empty();
    std::string line =
        fmt::format("{:<{}} {:>10.1f} {:>10} {:>7}  {:<12}  {}", row.name, width, row.images_per_second,
                    alone ? "" : fmt::format("{:.1f}", row.peer_images_per_second),
                    alone ? "" : fmt::format("{:.2f}x", row.ratio()), floor_text(row), remark(row));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::vector<BenchRow> bench_rows_from_json(std::string_view text, std::string_view where) {
  try {
    std::vector<BenchRow> rows;
    const Json document = Json::parse(text);
    for (const Json& json : document.at("cases")) {
      rows.push_back({.name = json.at("case"),
                      .images_per_second = json.at("images_per_second"),
                      .peer = json.value("peer", ""),
                      .peer_images_per_second = json.value("peer_images_per_second", 0.0),
                      .floor = json.value("floor", 0.0),
                      .peak_megabytes = json.value("peak_megabytes", 0.0),
                      .peer_peak_megabytes = json.value("peer_peak_megabytes", 0.0),
                      .children_per_hour = json.value("children_per_hour", 0.0),
                      .peer_children_per_hour = json.value("peer_children_per_hour", 0.0)});
    }
    return rows;
  } catch (const nlohmann::json::exception& error) {
    throw spec::Error(spec::ErrorKind::kFailed, where, fmt::format("gave no cases: {}", error.what()));
  }
}

}  // namespace effnet::apps
