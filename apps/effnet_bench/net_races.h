// Whole nets on a CUDA device: for each net and batch the project's work and LibTorch's, in turns, each from the call until the
// device is done.
#pragma once

#include <torch/torch.h>

#include <functional>

#include "apps/effnet_bench/device_flags.h"
#include "apps/effnet_bench/net_times.h"
#include "ops/execution.h"
#include "spec/arch_spec.h"

namespace effnet::apps {

struct NetBatch {
  std::string net;
  spec::ArchSpec arch;
  std::int64_t batch = 0;
};

using Work = std::function<void()>;

struct OwnWork {
  Work graph, launches;           // as one CUDA graph, and launch by launch
  ops::ExecutionContext context;  // knows what fell back
};

class NetRaces {
 public:
  // Which nets are meant is found out first. spec::Error{kEnvironment} where there is no device.
  NetRaces(std::string work, const BenchFlags& flags, const DeviceFlags& of);

  const std::vector<NetBatch>& cases() const { return cases_; }
  at::ScalarType maps() const { return maps_; }

  // `libtorch` gives the work of LibTorch's operators with maps of that type. What is measured goes into the CSV file at
  // once: later cases may not fit the device.
  void run(const NetBatch& on, const OwnWork& own, const std::function<Work(at::ScalarType)>& libtorch);

  void print() const;

 private:
  BenchFlags flags_;
  std::string csv_;
  at::ScalarType maps_;
  std::vector<NetBatch> cases_;
  NetTimes times_;
};

}  // namespace effnet::apps
