// What device_race.cpp is in a build without CUDA.
#include <stdexcept>

#include "apps/effnet_bench/device_race.h"
#include "spec/error.h"

namespace effnet::apps {

DeviceFacts device_facts() {
  throw spec::Error(spec::ErrorKind::kEnvironment, "CUDA", "this program was built without CUDA kernels",
                    "configure with -DEFFNET_WITH_CUDA=ON (preset gpu) where nvcc is");
}

namespace {
[[noreturn]] void nobody_comes_here() {
  throw std::logic_error("there is no device");
}
}  // namespace

DeviceMemory::DeviceMemory(std::size_t, Contents) {
  nobody_comes_here();
}
DeviceMemory::~DeviceMemory() = default;

DeviceRace::DeviceRace() : floats_(0), map_(0), parts_(0), scalars_(0) {}
void DeviceRace::run(std::vector<DeviceContender>&, double) {
  nobody_comes_here();
}
double DeviceRace::copy_rate() {
  nobody_comes_here();
}

}  // namespace effnet::apps
