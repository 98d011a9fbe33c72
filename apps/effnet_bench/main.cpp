// effnet-bench: how fast this machine runs the project's kernels, and against what. Every figure stands beside its
// peer's of the same run. No OpenCV and no databases in it, so that it can be carried to another machine.
#include <array>

#include "apps/command_line.h"
#include "apps/effnet_bench/commands.h"

int main(int argc, char** argv) {
  using namespace effnet::apps;
  const Program program{
      .name = "effnet-bench",
      .description =
          "Times training steps, inference and single kernels beside a peer, interleaved; minima count.",
      .epilogue =
          "Examples:\n"
          "  effnet-bench train --threads 2\n"
          "  effnet-bench kernels --json\n"
          "  effnet-bench infer b0 --device cuda --batch 1,256 --peers eager,graph\n"
          "  effnet-bench cuda-kernels b0 b3 --csv kernels.csv\n",
  };
  const std::array<AddCommand, 5> commands{add_bench_train, add_bench_infer, add_bench_latency,
                                           add_bench_kernels, add_bench_cuda_kernels};
  return run_program(argc, argv, program, commands);
}
