#include "apps/effnet/sibling_program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/command_line.h"
#include "spec/error.h"

namespace effnet::apps {

using spec::Error;
using spec::ErrorKind;

std::filesystem::path sibling_path(std::string_view name) {
  return std::filesystem::path(program_folder()) / name;
}

std::filesystem::path sibling_program(std::string_view name, std::string_view what) {
  const std::filesystem::path program = sibling_path(name);
  if (std::filesystem::exists(program)) return program;
  throw Error(ErrorKind::kEnvironment, program.string(), fmt::format("{} is not beside effnet", what),
              "build with LibTorch: make build");
}

void hand_over(const std::filesystem::path& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program.string());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(pointers.front(), pointers.data());
  throw Error(ErrorKind::kEnvironment, arguments.front(), std::strerror(errno), "run effnet doctor");
}

}  // namespace effnet::apps
