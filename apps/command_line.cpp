#include "apps/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <new>
#include <system_error>

#include "apps/version.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::apps {
namespace {

using spec::Error;
using spec::ErrorKind;

std::vector<std::string> command_names(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> flag_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The command that was chosen, or of its own commands the one that was: "bench search".
struct Chosen {
  CLI::App* command = nullptr;
  std::string words;
};

Chosen chosen_in(const CLI::App& program) {
  Chosen of;
  for (auto chosen = program.get_subcommands(); !chosen.empty(); chosen = of.command->get_subcommands()) {
    of.command = chosen.front();
    of.words += (of.words.empty() ? "" : " ") + of.command->get_name();
  }
  return of;
}

// CLI11 reports a misspelt command, a misspelt flag and a surplus word alike, as extras.
Error explain_extras(CLI::App& program) {
  const auto [command, words] = chosen_in(program);
  std::vector<std::string> extras = program.remaining(true);
  const std::string word = extras.empty() ? "" : extras.front();
  if (word.starts_with("-")) {
    const std::string flag = word.substr(0, word.find('='));
    return Error(ErrorKind::kUsage, words, fmt::format("unknown flag '{}'", flag),
                 spec::did_you_mean(flag, flag_names(command ? *command : program)));
  }
  if (!command) {
    return Error(ErrorKind::kUsage, "", fmt::format("unknown command '{}'", word),
                 spec::did_you_mean(word, command_names(program)));
  }
  return Error(ErrorKind::kUsage, words, fmt::format("'{}' is not expected here", word),
               fmt::format("see '{} {} --help'", program.get_name(), words));
}

// A script that appends a flag to a command line means the last one.
void last_value_wins(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    const bool one_value = option->get_items_expected_max() == 1 && !option->get_positional();
    if (one_value && option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw) option->take_last();
  }
}

void complete_commands(CLI::App& app, const Program& program) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    command->set_version_flag("--version", version_line(program.name));
    last_value_wins(*command);
    complete_commands(*command, program);
  }
}

int report(const std::string& program, const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "{}: {}\n", program, error.what());
  return spec::exit_code(error.kind());
}

int parse_and_run(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return report(app.get_name(), explain_extras(app));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help and --version come this way
      app.exit(error);
      return 0;
    }
    const std::string command = chosen_in(app).words;
    const std::vector<std::string> extras = app.remaining(true);
    if (!extras.empty()) return report(app.get_name(), explain_extras(app));
    return report(app.get_name(), Error(ErrorKind::kUsage, command, error.what(),
                                        fmt::format("see '{}{}{} --help'", app.get_name(),
                                                    command.empty() ? "" : " ", command)));
  }
  return 0;
}

}  // namespace

int run_program(int argc, char** argv, const Program& program, std::span<const AddCommand> commands) {
  CLI::App app(program.description, program.name);
  app.set_version_flag("--version", version_line(program.name));
  app.require_subcommand(1);
  app.footer(program.epilogue);
  app.get_formatter()->column_width(34);
  for (const AddCommand add : commands) add(app);
  complete_commands(app, program);
  try {
    const int code = parse_and_run(app, argc, argv);
    print_result("");
    return code;
  } catch (const Error& error) {
    return report(program.name, error);
  } catch (const std::bad_alloc&) {
    return report(program.name,
                  Error(ErrorKind::kEnvironment, "", "out of memory", "use a smaller batch or net"));
  } catch (const std::filesystem::filesystem_error& error) {
    return report(program.name, Error(ErrorKind::kEnvironment, error.path1().string(), error.code().message(),
                                      "check the path, its permissions and the free space"));
  } catch (const std::exception& error) {
    return report(program.name, Error(ErrorKind::kFailed, "", error.what()));
  }
}

void require_between(std::string_view flag, double value, double low, double high) {
  if (value >= low && value <= high) return;  // not so for a NaN
  throw Error(ErrorKind::kUsage, flag, fmt::format("{} is outside {} .. {}", value, low, high));
}

void print_result(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    throw Error(ErrorKind::kEnvironment, "standard output", std::generic_category().message(errno),
                "free some space and run again");
  }
}

void print_note(std::string_view text) {
  fmt::print(stderr, "{}\n", text);
}

std::string version_line(std::string_view program) {
  return fmt::format("{} {} ({})", program, kVersion, kCommit);
}

std::string program_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

}  // namespace effnet::apps
