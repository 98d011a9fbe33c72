// The result of a benchmark: cases beside their peers, as a table or JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace effnet::apps {

struct BenchRow {
  std::string name;
  double images_per_second = 0;
  std::string peer;  // empty: it ran alone
  double peer_images_per_second = 0;
  double floor = 0;  // the ratio that is wanted at least; 0: none
  double peak_megabytes = 0,
         peer_peak_megabytes = 0;  // of one step's tensors and work memory; 0: not measured
  double children_per_hour = 0, peer_children_per_hour = 0;  // of a search; 0: it is none

  double ratio() const { return images_per_second / peer_images_per_second; }
  bool missed() const { return !(ratio() >= floor); }
};

// {"cases":[{"case","images_per_second","peer","peer_images_per_second","ratio"}], "machine", "kernels", "threads"}, where
// there are any with "floor" and "held", "peak_megabytes", "children_per_hour" and the peer's; a case that ran alone has
// no peer and no ratio. `threads` 0: the cases' names tell.
std::string bench_json(const std::vector<BenchRow>& rows, int threads);
std::string bench_text(const std::vector<BenchRow>& rows, int threads);

// The cases of such JSON; Error{kFailed} at `where` for anything else.
std::vector<BenchRow> bench_rows_from_json(std::string_view json, std::string_view where);

}  // namespace effnet::apps
