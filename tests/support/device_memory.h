// Device memory for tests of CUDA kernels, of the emulator or of a real device by which source is linked:
// cuda_emulator/device_memory.cpp or ../cuda/gpu_memory.cpp. Both see a write outside of an allocation; the emulator sees
// reads, too. New memory is full of 0xFF bytes (NaN, -1), so what a kernel should write and does not is seen.
#pragma once

#include <cstddef>
#include <vector>

namespace effnet::tests {

void* device_allocate(std::size_t bytes);
void device_release(void* device);  // throws when something was written around it
void copy_to_device(void* device, const void* host, std::size_t bytes);
void copy_to_host(void* host, const void* device, std::size_t bytes);  // waits for the kernels before

template <class T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(std::size_t count) : count_(count), device_(device_allocate(count * sizeof(T))) {}
  explicit DeviceBuffer(const std::vector<T>& values) : DeviceBuffer(values.size()) {
    copy_to_device(device_, values.data(), count_ * sizeof(T));
  }
  ~DeviceBuffer() noexcept(false) { device_release(device_); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  T* data() const { return static_cast<T*>(device_); }
  std::vector<T> values() const {
    std::vector<T> host(count_);
    copy_to_host(host.data(), device_, count_ * sizeof(T));
    return host;
  }

 private:
  std::size_t count_;
  void* device_;
};

}  // namespace effnet::tests
