#include "apps/effnet_bench/device_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "spec/error.h"

namespace effnet::apps {

BenchChoices device_choices(const std::string& half) {
  return {.devices = {"cpu", "cuda"},
          .peers = {"reference", "eager", "graph", "eager-fp16", "graph-fp16"},
          .peers_help =
              "what to race against: reference (LibTorch's operators); with --device cuda, "
              "comma-separated, eager (the same) and graph (these in one CUDA graph), -fp16: " +
              half};
}

void add_device_flags(CLI::App& command, DeviceFlags& flags) {
  command.add_option("nets", flags.nets, "with --device cuda: nets at their own resolution, b0 by default");
  command.add_option("--batch", flags.batches, "with --device cuda: pictures at once, comma-separated")
      ->delimiter(',')
      ->allow_extra_args(false)  // a net may stand behind it
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 16));
  command.add_option("--csv", flags.csv, "with --device cuda: also a line a contender into this file");
}

void check_device_flags(const CLI::App& command, const BenchFlags& flags,
                        const std::vector<std::string>& for_cuda) {
  if (flags.device == "cuda") {
    for (const char* flag : {"--only", "--threads"}) {
      if (command.count(flag) > 0)
        throw spec::Error(spec::ErrorKind::kUsage, flag, "is for the CPU",
                          "leave it out; a device's cases are nets by name and batches by --batch");
    }
    return;
  }
  for (const std::string& flag : for_cuda) {
    if (command.count(flag) > 0)
      throw spec::Error(spec::ErrorKind::kUsage, flag, "is for --device cuda; on the CPU the cases are fixed",
                        "choose among them by --only");
  }
  for (const std::string& peer : flags.peers) {
    if (peer != "reference")
      throw spec::Error(spec::ErrorKind::kUsage, "--peers", fmt::format("'{}' is for --device cuda", peer),
                        "on the CPU the peer is reference");
  }
}

}  // namespace effnet::apps
