// effnet: the thin program. It links neither LibTorch nor OpenCV, starts in milliseconds, and runs its
// sibling effnet-train for what needs them.
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
          "  effnet describe b0                       layer table, parameters, multiply-adds\n"
          "  effnet scale --published --output nets   b1.toml .. b7.toml from B0\n",
  };
  const std::array<AddCommand, 2> commands{add_describe, add_scale};
  return run_program(argc, argv, program, commands);
}
