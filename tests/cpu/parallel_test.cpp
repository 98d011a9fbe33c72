// Work cut into tasks by its size alone, and the moments of tasks joined.
#include <cmath>
#include <vector>

#include "cpu/batch_norm.h"
#include "cpu/isa.h"
#include "cpu/row_tiles.h"
#include "cpu/sum_tasks.h"
#include "cpu/workspace.h"
#include "tests/support/catch.h"

using namespace effnet::cpu;

TEST_CASE("tasks: a power of two, none without work, all pictures once") {
  CHECK(PictureTasks(128, 1024).tasks == 32);
  CHECK(PictureTasks(128, 1024, 100).tasks == 16);
  CHECK(PictureTasks(128, 1024, 100'000).tasks == 4);
  CHECK(PictureTasks(16, 49).tasks == 8);
  CHECK(PictureTasks(3, 1).tasks == 1);
  const PictureTasks tasks(37, 100);
  Index next = 0;
  for (Index task = 0; task < tasks.tasks; ++task) {
    CHECK(tasks.of(task).first == next);
    CHECK(tasks.of(task).size() > 0);
    next = tasks.of(task).last;
  }
  CHECK(next == 37);
}

TEST_CASE("moments of tasks joined are those of all rows, far from zero too") {
  const KernelTable& kernels = best_kernels();
  const Index channels = 5, rows = 90;
  std::vector<float> x(static_cast<std::size_t>(channels * rows));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(1000 * static_cast<double>(i % 5) + std::sin(static_cast<double>(i)));
  ChannelMoments moments(channels, 3);
  moments.add(kernels, 0, x.data(), 17);
  moments.add(kernels, 2, x.data() + 17 * channels, 73);  // a task may have nothing
  const ChannelMoments::Result joined = moments.joined();
  CHECK(joined.count == 90);
  for (std::size_t c = 0; c < 5; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t row = 0; row < 90; ++row) mean += static_cast<double>(x[row * 5 + c]) / 90;
    for (std::size_t row = 0; row < 90; ++row)
      variance += std::pow(static_cast<double>(x[row * 5 + c]) - mean, 2) / 90;
    CHECK(joined.mean[c] == Catch::Approx(mean).epsilon(1e-7).margin(1e-7));
    CHECK(joined.variance[c] == Catch::Approx(variance).epsilon(1e-4));
  }
}

TEST_CASE("sums of tasks are in the tasks' order") {
  std::vector<float> parts(3 * 10'000), out(10'000);
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = static_cast<float>(i / 10'000 + 1);
  sum_tasks({}, parts.data(), 3, 10'000, out.data());
  for (const float sum : out) REQUIRE(sum == 6);
}

TEST_CASE("workspace pieces are aligned, apart, and grow") {
  Workspace workspace;
  workspace.reserve(2, 100, 50);
  CHECK(reinterpret_cast<std::uintptr_t>(workspace.of_worker(0)) % 64 == 0);
  CHECK(workspace.of_worker(0) != workspace.of_worker(1));
  workspace.of_worker(1)[99] = 1;
  workspace.reserve(2, 5'000, 50);
  workspace.of_worker(1)[4'999] = 1;
  Carver carver(workspace.shared());
  float* first = carver.take(3);
  CHECK(carver.take(1) - first >= 16);
}
