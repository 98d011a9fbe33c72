// tests/support/device_memory.h on a real device. Without one the program says so and ends with 77, which ctest shows as
// skipped.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/device_memory.h"

namespace effnet::tests {
namespace {

constexpr std::size_t kGuard = 4096;  // bytes before and behind

void check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(status));
}

std::map<void*, std::size_t>& sizes() {
  static std::map<void*, std::size_t> all;
  return all;
}

void need_device() {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status == cudaSuccess && devices > 0) return;
  std::printf("skipped: there is no CUDA device (%s)\n", cudaGetErrorString(status));
  std::exit(77);
}

}  // namespace

void* device_allocate(std::size_t bytes) {
  need_device();
  char* memory = nullptr;
  check(cudaMalloc(reinterpret_cast<void**>(&memory), bytes + 2 * kGuard));
  check(cudaMemset(memory, 0xFF, bytes + 2 * kGuard));
  sizes()[memory + kGuard] = bytes;
  return memory + kGuard;
}

void device_release(void* device) {
  const std::size_t bytes = sizes().at(device);
  sizes().erase(device);
  char* memory = static_cast<char*>(device) - kGuard;
  std::vector<unsigned char> guards(2 * kGuard);
  check(cudaMemcpy(guards.data(), memory, kGuard, cudaMemcpyDeviceToHost));
  check(cudaMemcpy(guards.data() + kGuard, memory + kGuard + bytes, kGuard, cudaMemcpyDeviceToHost));
  check(cudaFree(memory));
  for (const unsigned char byte : guards) {
    if (byte != 0xFF) throw std::runtime_error("CUDA: something was written around an allocation");
  }
}

void copy_to_device(void* device, const void* host, std::size_t bytes) {
  check(cudaMemcpy(device, host, bytes, cudaMemcpyHostToDevice));
}

void copy_to_host(void* host, const void* device, std::size_t bytes) {
  check(cudaMemcpy(host, device, bytes, cudaMemcpyDeviceToHost));
}

}  // namespace effnet::tests
