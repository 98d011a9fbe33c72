#include "tests/support/cuda_emulator/shared_memory.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "tests/support/cuda_emulator/include/cuda_runtime.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace effnet::emulator {
namespace {

constexpr std::align_val_t kAlignment{128};
constexpr std::size_t kStrip = 128;

std::byte* dynamic = nullptr;
std::size_t dynamic_size = 0;
std::vector<void*> declared;  // static arrays that the block has come to

}  // namespace

SharedMemoryOfBlock::SharedMemoryOfBlock(std::size_t dynamic_bytes) {
  declared.clear();
  dynamic_size = dynamic_bytes;
  dynamic = static_cast<std::byte*>(operator new(dynamic_bytes + kStrip, kAlignment));
  std::memset(dynamic, 0xFF, dynamic_bytes + kStrip);
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(dynamic + dynamic_bytes, kStrip);
#endif
}

SharedMemoryOfBlock::~SharedMemoryOfBlock() {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(dynamic, dynamic_size + kStrip);
#endif
  operator delete(dynamic, kAlignment);
  dynamic = nullptr;
}

bool SharedMemoryOfBlock::overrun() const {
#ifdef __SANITIZE_ADDRESS__
  return false;  // would have been reported with its line
#else
  return !std::all_of(dynamic + dynamic_size, dynamic + dynamic_size + kStrip,
                      [](std::byte b) { return b == std::byte{0xFF}; });
#endif
}

void* dynamic_shared_memory() {
  return dynamic;
}

void declare_static_shared(void* array, std::size_t bytes) {
  if (std::find(declared.begin(), declared.end(), array) != declared.end()) return;
  declared.push_back(array);
  std::memset(array, 0xFF, bytes);
}

}  // namespace effnet::emulator
