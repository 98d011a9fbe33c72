// The result of a benchmark: cases beside their peers, as a table or JSON.
#pragma once

#include <string>
#include <vector>

namespace effnet::apps {

struct BenchRow {
  std::string name;
  double images_per_second = 0;
  std::string peer;
  double peer_images_per_second = 0;
  double peak_megabytes = 0,
         peer_peak_megabytes = 0;  // of one step's tensors and work memory; 0: not measured

  double ratio() const { return images_per_second / peer_images_per_second; }
};

// {"cases":[{"case","images_per_second","peer","peer_images_per_second","ratio"}], "machine", "kernels", "threads"}
std::string bench_json(const std::vector<BenchRow>& rows, int threads);
std::string bench_text(const std::vector<BenchRow>& rows, int threads);

}  // namespace effnet::apps
