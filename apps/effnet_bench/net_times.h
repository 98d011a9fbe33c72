// What whole nets took on a CUDA device, contender by contender, as a table, JSON and CSV. Plain values, without LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace effnet::apps {

struct NetTime {
  std::string net;
  int resolution = 0;
  std::int64_t batch = 0;
  std::string contender;
  double seconds = 0;  // of a batch
  double ratio = 1;    // of the project's speed to this

  double images_per_second() const { return static_cast<double>(batch) / seconds; }
  double milliseconds() const { return 1e3 * seconds; }
};

struct NetTimes {
  std::string work;  // "training steps"
  std::string device, torch, commit;
  std::string dtype;  // of maps, but where a contender says otherwise
  std::vector<NetTime> rows;
};

std::string net_times_text(const NetTimes& times);

// {"work","device","torch","commit","dtype",
//  "cases":[{"net","resolution","batch","contender","images_per_second","milliseconds","ratio"}]}
std::string net_times_json(const NetTimes& times);

// A row a case, in which also stands what is the same for all, so that files can be put together.
std::string net_times_csv(const NetTimes& times);

}  // namespace effnet::apps
