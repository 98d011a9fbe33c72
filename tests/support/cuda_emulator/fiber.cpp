#include "tests/support/cuda_emulator/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <system_error>

#if defined(__x86_64__) && !defined(EFFNET_FIBERS_BY_UCONTEXT)
#define EFFNET_FIBERS_BY_HAND
#else
#include <ucontext.h>
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef EFFNET_FIBERS_BY_HAND
// Saves what a call must preserve (System V ABI, 3.2.1; the control words are nobody's to change here) on the stack that
// it leaves, and takes it from the one that it enters.
extern "C" void effnet_switch_stack(void** left, void* entered);
asm(R"(
.text
.globl effnet_switch_stack
.type effnet_switch_stack, @function
effnet_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size effnet_switch_stack, .-effnet_switch_stack
)");
#endif

namespace effnet::emulator {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStackBytes = 256 * 1024;  // frames grow by red zones
#else
constexpr std::size_t kStackBytes = 64 * 1024;
#endif

Fiber* entering = nullptr;  // for enter(), which takes no argument

}  // namespace

struct Fiber::Context {
  std::byte* memory = nullptr;  // the guard page, then the stack
  std::size_t page = 0;
#ifdef EFFNET_FIBERS_BY_HAND
  void *inside = nullptr, *outside = nullptr;  // stack pointers of who waits
#else
  ucontext_t inside{}, outside{};
#endif
#ifdef __SANITIZE_ADDRESS__
  void *fake_inside = nullptr, *fake_outside = nullptr;
  const void* outside_bottom = nullptr;
  std::size_t outside_size = 0;
#endif

  std::byte* bottom() const {
    return memory + page;
  }

  void switch_in() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fake_outside, bottom(), kStackBytes);
#endif
#ifdef EFFNET_FIBERS_BY_HAND
    effnet_switch_stack(&outside, inside);
#else
    swapcontext(&outside, &inside);
#endif
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_outside, nullptr, nullptr);
#endif
  }

  void arrived() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_inside, &outside_bottom, &outside_size);
#endif
  }

  void switch_out() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fake_inside, outside_bottom, outside_size);
#endif
#ifdef EFFNET_FIBERS_BY_HAND
    effnet_switch_stack(&inside, outside);
#else
    swapcontext(&inside, &outside);
#endif
    arrived();
  }
};

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), context_(std::make_unique<Context>()) {
  context_->page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, context_->page + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, context_->page, PROT_NONE) != 0)
    throw std::system_error(errno, std::generic_category(), "a fiber's stack");
  context_->memory = static_cast<std::byte*>(memory);
  restart();
}

Fiber::~Fiber() {
  munmap(context_->memory, context_->page + kStackBytes);
}

const std::byte* Fiber::stack_guard() const {
  return context_->memory;
}

void Fiber::restart() {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(context_->bottom(), kStackBytes);
  context_->fake_inside = nullptr;
#endif
#ifdef EFFNET_FIBERS_BY_HAND
  // As if enter() had called the switch: six registers, then its address; above it a return address that ends a trace.
  auto* top = reinterpret_cast<std::uintptr_t*>(context_->bottom() + kStackBytes);
  *--top = 0;
  *--top = reinterpret_cast<std::uintptr_t>(&Fiber::enter);
  for (int i = 0; i < 6; ++i) *--top = 0;
  context_->inside = top;
#else
  getcontext(&context_->inside);
  context_->inside.uc_stack.ss_sp = context_->bottom();
  context_->inside.uc_stack.ss_size = kStackBytes;
  context_->inside.uc_link = nullptr;
  makecontext(&context_->inside, &Fiber::enter, 0);
#endif
  ended_ = false;
}

bool Fiber::resume() {
  entering = this;
  ended_ = false;
  context_->switch_in();
  return ended_;
}

void Fiber::suspend() {
  context_->switch_out();
}

void Fiber::enter() {
  entering->run();
}

void Fiber::run() {
  context_->arrived();
  while (true) {
    body_();
    ended_ = true;
    context_->switch_out();
  }
}

}  // namespace effnet::emulator
