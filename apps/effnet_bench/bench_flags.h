// Flags that the benchmarks share.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace effnet::apps {

struct BenchFlags {
  double seconds = 5;  // a case
  int threads = 2;
  std::string device = "cpu";
  std::string only;  // part of a case's name
  std::vector<std::string> peers{"reference"};
  bool json = false;
};

// What a benchmark knows beside the CPU and LibTorch's operators.
struct BenchChoices {
  std::vector<std::string> devices{"cpu"};
  std::vector<std::string> peers{"reference"};
  std::string peers_help = "what to race against: reference (LibTorch's operators)";
};

void add_bench_flags(CLI::App& command, BenchFlags& flags, const BenchChoices& choices = {});

// Threads, allocator, denormals: as effnet-train sets them.
void prepare_bench(const BenchFlags& flags);

}  // namespace effnet::apps
