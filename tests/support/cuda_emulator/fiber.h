// A stack of its own for each emulated thread: resume() runs it until it suspends itself or its body ends. A switch is a
// handful of instructions on x86-64 and ucontext elsewhere. Below every stack lies a page that nobody may touch.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace effnet::emulator {

class Fiber {
 public:
  // `body` must not throw. It is called anew by the first resume() after it has ended.
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs until suspend() or the end of the body; true at the end. Called from outside of all fibers.
  bool resume();
  // Back to who resumed. Called from within.
  void suspend();
  // Forgets where it was: the next resume() begins the body. Objects on its stack are not destroyed.
  void restart();

  const std::byte* stack_guard() const;  // the page below the stack, for tests

 private:
  struct Context;  // what the processor's kind of switch needs
  static void enter();
  void run();

  std::function<void()> body_;
  std::unique_ptr<Context> context_;
  bool ended_ = false;
};

}  // namespace effnet::emulator
