#include "apps/effnet_bench/net_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "spec/csv_field.h"

namespace effnet::apps {

std::string net_times_text(const NetTimes& times) {
  std::size_t width = 3;
  for (const NetTime& row : times.rows) width = std::max(width, row.net.size());
  std::string text =
      fmt::format("{}, LibTorch {}; {}, maps in {}\n\n{:<{}} {:>10} {:>6}  {:<30} {:>10} {:>10} {:>7}\n",
                  times.device, times.torch, times.work, times.dtype, "net", width, "resolution", "batch", "",
                  "images/s", "ms", "ratio");
  for (const NetTime& row : times.rows) {
    text += fmt::format("{:<{}} {:>10} {:>6}  {:<30} {:>10.1f} {:>10.3f} {:>6.2f}x\n", row.net, width,
                        row.resolution, row.batch, row.contender, row.images_per_second(), row.milliseconds(),
                        row.ratio);
  }
  return text;
}

std::string net_times_json(const NetTimes& times) {
  nlohmann::ordered_json json{{"work", times.work},   {"device", times.device},
                              {"torch", times.torch}, {"commit", times.commit},
                              {"dtype", times.dtype}, {"cases", nlohmann::ordered_json::array()}};
  for (const NetTime& row : times.rows) {
    json["cases"].push_back({{"net", row.net},
                             {"resolution", row.resolution},
                             {"batch", row.batch},
                             {"contender", row.contender},
                             {"images_per_second", row.images_per_second()},
                             {"milliseconds", row.milliseconds()},
                             {"ratio", row.ratio}});
  }
  return json.dump(2) + "\n";
}

std::string net_times_csv(const NetTimes& times) {
  const auto field = [](const std::string& text) { return spec::csv_field(text); };
  std::string csv =
      "work,device,torch,commit,net,resolution,batch,dtype,contender,images_per_second,milliseconds,ratio\n";
  for (const NetTime& row : times.rows) {
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{:.1f},{:.4f},{:.3f}\n", field(times.work),
                       field(times.device), field(times.torch), field(times.commit), field(row.net),
                       row.resolution, row.batch, times.dtype, field(row.contender), row.images_per_second(),
                       row.milliseconds(), row.ratio);
  }
  return csv;
}

}  // namespace effnet::apps
