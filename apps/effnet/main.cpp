// effnet: the thin program. It links neither LibTorch nor OpenCV, starts in milliseconds, and runs its siblings
// effnet-train and effnet-bench for what needs them.
#include <array>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"

int main(int argc, char** argv) {
  using namespace effnet::apps;
  const Program program{
      .name = "effnet",
      .description =
          "Find an EfficientNet-style network for your images and your budget, scale it into a family,\n"
          "train the family, and see accuracy against parameters.",
      .epilogue =
          "Examples:\n"
          "  effnet auto --plan plans/demo.toml --output runs/demo     the whole job\n"
          "  effnet describe b0                                        layer table, parameters, "
          "multiply-adds\n"
          "  effnet search, fit, scale, train, chart                   the job step by step\n"
          "  effnet explain runs/demo                                  why this net won\n"
          "'effnet COMMAND --help' shows a command's flags and examples.\n"
          "Exit codes: 0 done, 1 failed, 2 usage, 3 bad data, 4 environment, 5 a check did not hold,\n"
          "75 stopped with everything saved (run the same command again to go on).\n",
  };
  const std::array<AddCommand, 13> commands{add_search,   add_explain, add_space, add_study, add_worker,
                                            add_fit,      add_scale,   add_train, add_chart, add_auto,
                                            add_describe, add_bench,   add_doctor};
  return run_program(argc, argv, program, commands);
}
