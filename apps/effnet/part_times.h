// Times of nets' parts, measured on this machine through effnet-bench.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "apps/live_line.h"
#include "search/space.h"

namespace effnet::apps {

struct LatencySetup {
  int threads = 1;
  std::int64_t batch = 1;
  double seconds = 0.05;  // a net and pass
};

// Nanoseconds a picture.
struct LatencyMeasurement {
  std::map<std::string, double> parts;  // by text (scaling/net_parts.h)
  std::vector<double> nets;             // whole ones
};

// Every part that a net of the space can have, and these whole nets, each the shortest of three passes over all. kStopped
// when `stop` was raised, kEnvironment where effnet-bench is not there or fails.
LatencyMeasurement measure_latency(const search::Space& space, const std::vector<spec::ArchSpec>& nets,
                                   const LatencySetup& setup, LiveLine& line, const std::atomic<bool>& stop);

// "[latency] ..." of a space file (scaling/latency_table.h).
std::string latency_toml(const LatencyMeasurement& measurement, const std::string& measured);

// The text of a space file without a table [latency].
std::string without_latency(const std::string& space_toml);

}  // namespace effnet::apps
