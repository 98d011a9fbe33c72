// What every program of the house shares at the command line: a table of commands, errors with exit codes and
// "did you mean", results on stdout and nothing else there. CLI11 stays in the .cpp files.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace effnet::apps {

struct Program {
  std::string name;         // "effnet"
  std::string description;  // one sentence
  std::string epilogue;     // printed after the list of commands; may be empty
};

// Adds one sub-command with its flags and its callback; the callback throws spec::Error for what a user can
// cause.
using AddCommand = void (*)(CLI::App& program);

// Parses, runs the chosen command, prints what went wrong to stderr and returns the exit code.
int run_program(int argc, char** argv, const Program& program, std::span<const AddCommand> commands);

// Error{kUsage} unless low <= value <= high; a NaN is refused, too.
void require_between(std::string_view flag, double value, double low, double high);

// To stdout, checked: a full disk behind a redirection is Error{kEnvironment}, not a silent loss.
void print_result(std::string_view text);

// A line to stderr.
void print_note(std::string_view text);

// "effnet 0.1.0 (commit)".
std::string version_line(std::string_view program);

// The folder of the running executable, where the sibling programs lie.
std::string program_folder();

}  // namespace effnet::apps
