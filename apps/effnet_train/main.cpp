// effnet-train: the program with LibTorch and OpenCV in it. `effnet` runs it; a user can, too.
#include <array>

#include "apps/command_line.h"
#include "apps/effnet_train/commands.h"

int main(int argc, char** argv) {
  using namespace effnet::apps;
  const Program program{
      .name = "effnet-train",
      .description = "Trains networks; the part of effnet that needs LibTorch.",
      .epilogue =
          "Examples:\n"
          "  effnet-train train b0 --img-size 28 --stem-stride 1 --output runs/b0\n"
          "  effnet-train measure --arch \"$(effnet describe b0 --json | jq -r .arch)\" --batch-size 16\n",
  };
  const std::array<AddCommand, 4> commands{add_train, add_serve, add_measure, add_data};
  return run_program(argc, argv, program, commands);
}
