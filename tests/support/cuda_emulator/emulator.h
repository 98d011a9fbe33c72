// What a test says to the emulated GPU and what it is told: the order of threads, what each launch moved, and errors.
//
// The .cu files of cuda/ are compiled as C++ against include/cuda_runtime.h of this folder. A launch runs block after
// block, each thread of a block on a fiber of its own; everything is on one processor's thread, so a kernel is
// deterministic for a given order. docs/decisions/0010-cuda-block-emulator.md says what is caught by what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace effnet::emulator {

// What a kernel must not do: an access outside of an allocation, a barrier that not all threads reach, two blocks at one
// place. Names the kernel, the block and the threads.
class KernelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// In which order blocks run, and threads between two points where they wait: 0 ascending, other seeds at random.
void set_order(std::uint64_t seed);

// Global memory moved by a launch. Sectors are 32 bytes, counted once a launch; asked are all bytes that threads asked
// for, so asked / (32 sectors) says how often the caches are asked for what memory gives once.
struct Traffic {
  std::int64_t sectors_read = 0, sectors_written = 0;
  std::int64_t bytes_asked_read = 0, bytes_asked_written = 0;

  std::int64_t bytes_read() const { return 32 * sectors_read; }
  std::int64_t bytes_written() const { return 32 * sectors_written; }
  Traffic& operator+=(const Traffic& other);
};

struct LaunchReport {
  std::string kernel;
  std::int64_t blocks = 0, threads = 0;       // threads of a block
  std::size_t shared_bytes = 0;               // dynamic
  std::map<const void*, Traffic> allocation;  // by its address

  Traffic total() const;
};

const std::vector<LaunchReport>& launches();  // since clear_launches()
void clear_launches();

// Global memory. Its addresses belong to no memory of the process: who follows one outside of cuda/device/machine.h, on
// the host or in a kernel, is stopped by a segmentation fault. New memory is full of 0xFF bytes (NaN, -1).
void* allocate(std::size_t bytes);
void release(void* device);
void write_from_host(void* device, const void* host, std::size_t bytes);
void read_to_host(void* host, const void* device, std::size_t bytes);

// From now on kernels may read and write the process's own memory, too, for host code with an allocator of its own such
// as LibTorch's. What they do there is checked by AddressSanitizer alone and not counted.
void open_host_memory();

}  // namespace effnet::emulator
