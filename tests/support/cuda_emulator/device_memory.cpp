#include "tests/support/device_memory.h"

#include "tests/support/cuda_emulator/emulator.h"

namespace effnet::tests {

void* device_allocate(std::size_t bytes) {
  return emulator::allocate(bytes);
}

void device_release(void* device) {
  emulator::release(device);  // an access outside of it was refused when it happened
}

void copy_to_device(void* device, const void* host, std::size_t bytes) {
  emulator::write_from_host(device, host, bytes);
}

void copy_to_host(void* host, const void* device, std::size_t bytes) {
  emulator::read_to_host(host, device, bytes);
}

}  // namespace effnet::tests
