// A CUDA device as a benchmark needs it: what it is, memory, and pieces of work timed in turns, each with a cold cache. In
// a build without CUDA no_device.cpp stands in, where there is never a device.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cuda/storage.h"

namespace effnet::apps {

struct DeviceFacts {
  std::string name;
  int driver = 0, runtime = 0;  // 13000: CUDA 13.0
  int processors = 0;
  std::size_t memory_bytes = 0, cache_bytes = 0;  // cache: the second level's
};

// Of the current device. spec::Error{kEnvironment} where there is none, or where this build has no kernels for it.
DeviceFacts device_facts();

// Random: full of numbers in -1 .. 1, whether they are read as bfloat16 or as floats.
enum class Contents { kRandom, kUnset };

// spec::Error{kEnvironment} where there is not so much.
class DeviceMemory {
 public:
  explicit DeviceMemory(std::size_t bytes, Contents contents = Contents::kRandom);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

struct DeviceContender {
  std::function<void(cuda::Stream)> work;
  double shortest = 0;  // seconds between two events around one call; set by the race
};

// Times work on the default stream.
class DeviceRace {
 public:
  DeviceRace();

  // Two runs of each to warm up, then rounds for about `seconds`, at least five. Before each call a map larger than the
  // second level cache is read, so that nothing of the call before lies in it and the launches wait in the queue.
  void run(std::vector<DeviceContender>& contenders, double seconds);

  // Bytes a second, read and written, of a copy of 1 GB within the device: the shortest of some.
  double copy_rate();

 private:
  void empty_cache();

  std::size_t floats_;  // of the map that is read
  DeviceMemory map_, parts_, scalars_;
};

}  // namespace effnet::apps
