#include "scaling/latency_table.h"

#include <fmt/format.h>

#include <cmath>

namespace effnet::scaling {

LatencyTable LatencyTable::read(const spec::ConfigTable& latency) {
  constexpr double kMost = 1e15;  // eleven days
  LatencyTable table;
  table.where_ = latency.where();
  table.measured_ = latency.string_or("measured", "");
  const spec::ConfigTable parts = latency.table("ns");
  for (const std::string& part : parts.keys()) {
    const double value = parts.number(part);
    if (!(value >= 0 && value <= kMost))
      throw parts.error(part, fmt::format("{} is no time in nanoseconds", value));
    table.nanoseconds_.emplace(part, std::llround(value));
  }
  if (table.nanoseconds_.empty())
    throw latency.error("ns", "no part has a time", "effnet bench latency writes such a table");
  return table;
}

std::int64_t LatencyTable::of_blocks(const std::vector<std::string>& texts) const {
  std::int64_t sum = 0;
  for (const std::string& text : texts) sum += of_part(text);
  return sum;
}

std::int64_t LatencyTable::of_tail(int classes, const MapShape& map) const {
  return of_part(tail_text(classes, map));
}

std::int64_t LatencyTable::of(const spec::ArchSpec& arch) const {
  const Blocks blocks = blocks_of(arch);
  return of_blocks(blocks.texts) + of_tail(arch.classes, blocks.end);
}

std::int64_t LatencyTable::of_part(const std::string& part) const {
  const auto found = nanoseconds_.find(part);
  if (found != nanoseconds_.end()) return found->second;
  throw spec::Error(spec::ErrorKind::kUsage, where_, fmt::format("'{}' was not measured", part),
                    "measure the space again by effnet bench latency, or add the part's time");
}

}  // namespace effnet::scaling
