#include "apps/effnet_bench/bench_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/machine.h"
#include "apps/version.h"
#include "cpu/isa.h"

namespace effnet::apps {

std::string bench_json(const std::vector<BenchRow>& rows, int threads) {
  nlohmann::ordered_json json;
  json["machine"] = machine_name();
  json["kernels"] = cpu::best_kernels().name;
  json["torch"] = kTorchVersion;
  json["threads"] = threads;
  json["cases"] = nlohmann::ordered_json::array();
  for (const BenchRow& row : rows) {
    nlohmann::ordered_json of{{"case", row.name},
                              {"images_per_second", row.images_per_second},
                              {"peer", row.peer},
                              {"peer_images_per_second", row.peer_images_per_second},
                              {"ratio", row.ratio()}};
    if (row.peak_megabytes > 0) {
      of["peak_megabytes"] = row.peak_megabytes;
      of["peer_peak_megabytes"] = row.peer_peak_megabytes;
    }
    json["cases"].push_back(std::move(of));
  }
  return json.dump(2) + "\n";
}

std::string bench_text(const std::vector<BenchRow>& rows, int threads) {
  std::string text =
      fmt::format("{}, {} kernels, LibTorch {}, {} thread{}\n\n{:<52} {:>10} {:>10} {:>7}  {}\n",
                  machine_name(), cpu::best_kernels().name, kTorchVersion, threads, threads == 1 ? "" : "s",
                  "case", "images/s", "peer", "ratio", "peak MB (peer)");
  for (const BenchRow& row : rows) {
    text += fmt::format("{:<52} {:>10.1f} {:>10.1f} {:>6.2f}x", row.name, row.images_per_second,
                        row.peer_images_per_second, row.ratio());
    if (row.peak_megabytes > 0)
      text += fmt::format("  {:.0f} ({:.0f})", row.peak_megabytes, row.peer_peak_megabytes);
    text += "\n";
  }
  return text;
}

}  // namespace effnet::apps
