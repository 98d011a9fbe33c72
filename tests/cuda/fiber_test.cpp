// The emulator's fibers. Compiled twice: with the switch by hand and with ucontext.
#include "tests/support/cuda_emulator/fiber.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/catch.h"

using effnet::emulator::Fiber;

TEST_CASE("fibers: take turns, keep what is on their stacks, and begin anew after their end") {
  std::string said;
  std::vector<std::unique_ptr<Fiber>> fibers;
  for (int i = 0; i < 3; ++i) {
    fibers.push_back(std::make_unique<Fiber>([&said, &fibers, i] {
      const double kept = 0.5 * i;
      for (int turn = 0; turn < 2; ++turn) {
        said += static_cast<char>('a' + i);
        fibers[static_cast<std::size_t>(i)]->suspend();
      }
      said += std::to_string(static_cast<int>(2 * kept));
    }));
  }
  for (int turn = 0; turn < 2; ++turn) {
    for (auto& fiber : fibers) CHECK_FALSE(fiber->resume());
  }
  for (auto& fiber : fibers) CHECK(fiber->resume());
  CHECK(said == "abcabc012");
  CHECK_FALSE(fibers[1]->resume());
  CHECK(said == "abcabc012b");
  fibers[1]->restart();
  CHECK_FALSE(fibers[1]->resume());
  CHECK_FALSE(fibers[1]->resume());
  CHECK(fibers[1]->resume());
  CHECK(said == "abcabc012bbb1");
}

TEST_CASE("fibers: exceptions are thrown and caught within") {
  bool caught = false;
  Fiber fiber([&] {
    try {
      throw std::runtime_error("within");
    } catch (const std::runtime_error&) {
      caught = true;
    }
  });
  CHECK(fiber.resume());
  CHECK(caught);
}
