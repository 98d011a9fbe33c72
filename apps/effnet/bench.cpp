// effnet bench: hands over to effnet-bench with all that was given.
#include <CLI/CLI.hpp>

#include "apps/effnet/commands.h"
#include "apps/effnet/sibling_program.h"

namespace effnet::apps {

void add_bench(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "bench",
      "How fast this machine trains and infers (effnet bench train, infer or kernels), beside a peer");
  command->prefix_command();  // what follows is effnet-bench's, its --help too
  command->footer(
      "train    training steps, forward to optimizer, by the project's kernels and by LibTorch's operators\n"
      "infer    logits of pictures, the same two\n"
      "kernels  each micro-kernel of each instruction set beside the machine's measured peak\n"
      "Flags (--threads, --seconds, --only, --json, ...) go to effnet-bench: see effnet bench train --help.\n"
      "Examples:\n  effnet bench train --threads 2\n  effnet bench kernels --json\n");
  command->callback([command] {
    hand_over(sibling_program("effnet-bench", "the program that measures"), command->remaining());
  });
}

}  // namespace effnet::apps
