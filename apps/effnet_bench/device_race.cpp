// The one file of the benchmark that needs the toolkit's headers.
#include "apps/effnet_bench/device_race.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "cuda/optimizer_step.h"
#include "spec/error.h"
#include "spec/random_stream.h"

namespace effnet::apps {
namespace {

void check(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) return;
  throw spec::Error(
      status == cudaErrorMemoryAllocation ? spec::ErrorKind::kEnvironment : spec::ErrorKind::kFailed, "CUDA",
      fmt::format("{}: {}", doing, cudaGetErrorString(status)));
}

class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "an event"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record() const { check(cudaEventRecord(event_, nullptr), "an event"); }
  double seconds_since(const Event& other) const {
    check(cudaEventSynchronize(event_), "waiting for the device");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, other.event_, event_), "a time");
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

// Pairs of bfloat16 in -1 .. 1; the upper one makes the pair such a float, too.
std::vector<std::uint32_t> random_pairs(std::size_t count) {
  std::vector<std::uint32_t> pairs(count);
  spec::RandomStream random(1);
  for (std::uint32_t& pair : pairs) {
    for (int half = 0; half < 2; ++half) {
      const auto value = static_cast<float>(2 * random.uniform() - 1);
      std::uint32_t bits;
      std::memcpy(&bits, &value, 4);
      pair = pair << 16 | bits >> 16;
    }
  }
  return pairs;
}

}  // namespace

DeviceFacts device_facts() {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status != cudaSuccess || devices == 0) {
    throw spec::Error(spec::ErrorKind::kEnvironment, "CUDA",
                      fmt::format("there is no device here ({})",
                                  status == cudaSuccess ? "none is listed" : cudaGetErrorString(status)));
  }
  int device = 0;
  DeviceFacts facts;
  cudaDeviceProp properties{};
  check(cudaGetDevice(&device), "the device");
  check(cudaGetDeviceProperties(&properties, device), "the device's properties");
  check(cudaDriverGetVersion(&facts.driver), "the driver's version");
  check(cudaRuntimeGetVersion(&facts.runtime), "the runtime's version");
  facts.name = properties.name;
  facts.processors = properties.multiProcessorCount;
  facts.memory_bytes = properties.totalGlobalMem;
  facts.cache_bytes = static_cast<std::size_t>(properties.l2CacheSize);
  return facts;
}

DeviceMemory::DeviceMemory(std::size_t bytes, Contents contents) {
  constexpr std::size_t kPattern = std::size_t{16} << 20;
  check(cudaMalloc(&data_, bytes), fmt::format("{} MB of memory", bytes / 1'000'000).c_str());
  if (contents == Contents::kUnset) return;
  const std::vector<std::uint32_t> pattern = random_pairs(std::min(bytes, kPattern) / 4);
  std::size_t full = 4 * pattern.size();
  check(cudaMemcpy(data_, pattern.data(), full, cudaMemcpyHostToDevice), "filling memory");
  for (; full < bytes / 4 * 4; full *= 2) {  // what is full is copied behind itself
    check(cudaMemcpy(static_cast<char*>(data_) + full, data_, std::min(full, bytes - full),
                     cudaMemcpyDeviceToDevice),
          "filling memory");
  }
}

DeviceMemory::~DeviceMemory() {
  cudaFree(data_);
}

DeviceRace::DeviceRace()
    : floats_(2 * std::max<std::size_t>(device_facts().cache_bytes, 1 << 20) / sizeof(float)),
      map_(floats_ * sizeof(float)),
      parts_(static_cast<std::size_t>(cuda::norm_parts(static_cast<cuda::Index>(floats_))) * sizeof(double)),
      scalars_(sizeof(cuda::OptimizerScalars)) {}

// By a kernel that only reads: lines that wait to be written back would be paid for by what comes behind. Several times,
// which takes longer than to launch what comes behind.
void DeviceRace::empty_cache() {
  constexpr int kTimes = 4;
  for (int i = 0; i < kTimes; ++i) {
    cuda::gradient_norm({.count = static_cast<cuda::Index>(floats_),
                         .gradients = static_cast<const float*>(map_.data()),
                         .parts = static_cast<double*>(parts_.data()),
                         .scalars = static_cast<cuda::OptimizerScalars*>(scalars_.data())},
                        nullptr);
  }
}

void DeviceRace::run(std::vector<DeviceContender>& contenders, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int kWarmUps = 2, kFewestRounds = 5;
  const Event start, end;
  const auto once = [&](DeviceContender& contender) {
    empty_cache();
    start.record();
    contender.work(nullptr);
    end.record();
    return end.seconds_since(start);
  };
  for (DeviceContender& contender : contenders) {
    for (int i = 0; i < kWarmUps; ++i) contender.shortest = once(contender);
  }
  const auto until =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (int round = 0; round < kFewestRounds || Clock::now() < until; ++round) {
    for (DeviceContender& contender : contenders)
      contender.shortest = std::min(contender.shortest, once(contender));
  }
}

double DeviceRace::copy_rate() {
  constexpr std::size_t kBytes = 1'000'000'000;
  const DeviceMemory from(kBytes), to(kBytes);
  std::vector<DeviceContender> copy{{[&](cuda::Stream stream) {
    check(cudaMemcpyAsync(to.data(), from.data(), kBytes, cudaMemcpyDeviceToDevice, stream), "a copy");
  }}};
  run(copy, 0.3);
  return 2 * static_cast<double>(kBytes) / copy.front().shortest;
}

}  // namespace effnet::apps
