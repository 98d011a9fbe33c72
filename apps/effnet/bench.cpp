// effnet bench: `search`, `floors` and `latency` are measured from here, since they run siblings, and `regret`, which needs
// no LibTorch; all else is handed over to effnet-bench with all that was given.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/effnet/commands.h"
#include "apps/effnet/sibling_program.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::apps {
namespace {

// A misspelt word would be answered by effnet-bench, which does not know those of this program.
void check_word(const std::vector<std::string>& words, const CLI::App& bench) {
  std::vector<std::string> known{"train", "infer", "kernels", "cuda-kernels"};
  if (words.empty() || words.front().starts_with("-") ||
      std::find(known.begin(), known.end(), words.front()) != known.end())
    return;
  for (const CLI::App* command : bench.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  throw spec::Error(spec::ErrorKind::kUsage, "bench", fmt::format("unknown benchmark '{}'", words.front()),
                    spec::did_you_mean(words.front(), known));
}

}  // namespace

void add_bench(CLI::App& program) {
  CLI::App* command = program.add_subcommand("bench",
                                             "How fast this machine trains, infers and searches, beside a "
                                             "peer (effnet bench train, infer, kernels, search, "
                                             "floors, regret, latency)");
  add_bench_search(*command);  // before the next line, whose setting commands take over from their parent
  add_bench_floors(*command);
  add_bench_regret(*command);
  add_bench_latency(*command);
  command->prefix_command();  // what follows is effnet-bench's, its --help too
  command->footer(
      "train    training steps, forward to optimizer, by the project's kernels and by LibTorch's operators\n"
      "infer    logits of pictures, the same two\n"
      "kernels  each micro-kernel of each instruction set beside the machine's measured peak\n"
      "cuda-kernels  each launch of a training step on a CUDA device, beside cuDNN and LibTorch's operators\n"
      "Flags of these four (--threads, --seconds, --only, --json, ...) go to effnet-bench: see effnet bench "
      "train --help.\n"
      "Examples:\n  effnet bench train --threads 2\n  effnet bench kernels --json\n  effnet bench floors\n");
  command->callback([command] {
    if (!command->get_subcommands().empty()) return;
    check_word(command->remaining(), *command);
    hand_over(sibling_program("effnet-bench", "the program that measures"), command->remaining());
  });
}

}  // namespace effnet::apps
