// The programs beside effnet, which link what it does not, and how it becomes one of them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace effnet::apps {

// Where a program of this name lies or would lie.
std::filesystem::path sibling_path(std::string_view name);

// The same, checked; `what` it is for the message. Error{kEnvironment} when it is not there.
std::filesystem::path sibling_program(std::string_view name, std::string_view what);

// Replaces this process: its output and exit code are the sibling's. Returns only by Error{kEnvironment}.
[[noreturn]] void hand_over(const std::filesystem::path& program, std::vector<std::string> arguments);

}  // namespace effnet::apps
