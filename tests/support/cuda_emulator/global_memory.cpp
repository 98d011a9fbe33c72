#include "tests/support/cuda_emulator/global_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <limits>
#include <system_error>

#include "tests/support/cuda_emulator/block_scheduler.h"

namespace effnet::emulator {
namespace {

constexpr std::size_t kReserved = std::size_t{1} << 36;  // addresses only
constexpr std::size_t kSector = 32, kGranule = 2;
constexpr std::size_t kApart = 4096;  // between allocations: a stray address is nobody's

}  // namespace

Traffic& Traffic::operator+=(const Traffic& other) {
  sectors_read += other.sectors_read;
  sectors_written += other.sectors_written;
  bytes_asked_read += other.bytes_asked_read;
  bytes_asked_written += other.bytes_asked_written;
  return *this;
}

Traffic LaunchReport::total() const {
  Traffic sum;
  for (const auto& [address, traffic] : allocation) sum += traffic;
  return sum;
}

GlobalMemory& global_memory() {
  static GlobalMemory memory;
  return memory;
}

GlobalMemory::GlobalMemory() {
  void* addresses = mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (addresses == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "addresses for emulated global memory");
  begin_ = next_ = reinterpret_cast<std::uintptr_t>(addresses);
}

GlobalMemory::~GlobalMemory() {
  munmap(reinterpret_cast<void*>(begin_), kReserved);
}

void* GlobalMemory::allocate(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  const std::size_t room = (bytes + kApart - 1) / kApart * kApart + kApart;
  if (next_ + room > begin_ + kReserved) throw std::bad_alloc();
  auto allocation = std::make_unique<Allocation>();
  allocation->base = next_;
  allocation->bytes.assign(bytes, std::byte{0xFF});
  allocation->reader.resize((bytes + kGranule - 1) / kGranule);
  allocation->writer.resize(allocation->reader.size());
  allocation->sector_read.resize((bytes + kSector - 1) / kSector);
  allocation->sector_written.resize(allocation->sector_read.size());
  allocations_[next_] = std::move(allocation);
  void* device = reinterpret_cast<void*>(next_);
  next_ += room;
  return device;
}

void GlobalMemory::release(void* device) {
  last_ = nullptr;
  allocations_.erase(reinterpret_cast<std::uintptr_t>(device));
}

bool GlobalMemory::holds(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  return at >= begin_ && at < begin_ + kReserved;
}

bool GlobalMemory::is_host(const void* address, std::size_t alignment) const {
  return host_is_open_ && !holds(address) && address &&
         reinterpret_cast<std::uintptr_t>(address) % alignment == 0;
}

GlobalMemory::Allocation& GlobalMemory::find(const void* device, std::size_t bytes, std::size_t alignment) {
  const auto at = reinterpret_cast<std::uintptr_t>(device);
  if (at % alignment != 0)
    throw KernelError(scheduler().here() + ": an access of " + std::to_string(bytes) +
                      " bytes is not aligned");
  const auto inside = [&](const Allocation& a) {
    return at >= a.base && at + bytes <= a.base + a.bytes.size();
  };
  if (last_ && inside(*last_)) return *last_;
  auto above = allocations_.upper_bound(at);
  if (above != allocations_.begin()) {
    Allocation& candidate = *std::prev(above)->second;
    if (inside(candidate)) return *(last_ = &candidate);
    throw KernelError(scheduler().here() + ": bytes " + std::to_string(at - candidate.base) + " to " +
                      std::to_string(at - candidate.base + bytes) + " of an allocation of " +
                      std::to_string(candidate.bytes.size()));
  }
  throw KernelError(scheduler().here() + ": an address that is no global memory");
}

std::byte* GlobalMemory::host_view(const void* device, std::size_t bytes, std::size_t alignment) {
  Allocation& a = find(device, bytes, alignment);
  return a.bytes.data() + (reinterpret_cast<std::uintptr_t>(device) - a.base);
}

void GlobalMemory::begin_launch(std::int64_t blocks) {
  const std::uint64_t tags = static_cast<std::uint64_t>(blocks) + 1;
  if (tags > std::numeric_limits<std::uint32_t>::max() - next_tag_)
    throw KernelError("too many blocks for one test");
  ++launch_;
  first_tag_ = next_tag_;
  next_tag_ += static_cast<std::uint32_t>(tags);
  for (auto& [base, allocation] : allocations_) allocation->traffic = {};
}

std::map<const void*, Traffic> GlobalMemory::end_launch() {
  std::map<const void*, Traffic> traffic;
  for (auto& [base, allocation] : allocations_) {
    if (allocation->traffic.bytes_asked_read + allocation->traffic.bytes_asked_written > 0)
      traffic[reinterpret_cast<const void*>(base)] = allocation->traffic;
  }
  return traffic;
}

void GlobalMemory::read(const void* device, void* to, std::size_t bytes) {
  if (is_host(device, bytes)) {
    std::memcpy(to, device, bytes);
    return;
  }
  Allocation& a = find(device, bytes, bytes);
  const std::size_t at = reinterpret_cast<std::uintptr_t>(device) - a.base;
  std::memcpy(to, a.bytes.data() + at, bytes);
  for (std::size_t g = at / kGranule; g <= (at + bytes - 1) / kGranule; ++g) {
    if (others(a.writer[g]))
      throw KernelError(scheduler().here() + ": reads what another block of the launch has written");
    a.reader[g] = others(a.reader[g]) ? several() : mine();
  }
  if (a.sector_read[at / kSector] != launch_) {
    a.sector_read[at / kSector] = launch_;
    ++a.traffic.sectors_read;
  }
  a.traffic.bytes_asked_read += static_cast<std::int64_t>(bytes);
}

void GlobalMemory::write(void* device, const void* from, std::size_t bytes) {
  if (is_host(device, bytes)) {
    std::memcpy(device, from, bytes);
    return;
  }
  Allocation& a = find(device, bytes, bytes);
  const std::size_t at = reinterpret_cast<std::uintptr_t>(device) - a.base;
  std::memcpy(a.bytes.data() + at, from, bytes);
  for (std::size_t g = at / kGranule; g <= (at + bytes - 1) / kGranule; ++g) {
    if (others(a.writer[g]) || others(a.reader[g]))
      throw KernelError(scheduler().here() + ": writes where another block of the launch has been");
    a.writer[g] = mine();
  }
  if (a.sector_written[at / kSector] != launch_) {
    a.sector_written[at / kSector] = launch_;
    ++a.traffic.sectors_written;
  }
  a.traffic.bytes_asked_written += static_cast<std::int64_t>(bytes);
}

std::byte* GlobalMemory::atomic(void* device, std::size_t bytes) {
  Allocation& a = find(device, bytes, bytes);
  a.traffic.bytes_asked_read += static_cast<std::int64_t>(bytes);
  a.traffic.bytes_asked_written += static_cast<std::int64_t>(bytes);
  return a.bytes.data() + (reinterpret_cast<std::uintptr_t>(device) - a.base);
}

void* allocate(std::size_t bytes) {
  return global_memory().allocate(bytes);
}

void release(void* device) {
  global_memory().release(device);
}

void open_host_memory() {
  global_memory().open_host_memory();
}

void write_from_host(void* device, const void* host, std::size_t bytes) {
  if (bytes > 0) std::memcpy(global_memory().host_view(device, bytes, 1), host, bytes);
}

void read_to_host(void* host, const void* device, std::size_t bytes) {
  if (bytes > 0) std::memcpy(host, global_memory().host_view(device, bytes, 1), bytes);
}

}  // namespace effnet::emulator
