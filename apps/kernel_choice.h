// The words of --kernels and of a plan's `kernels`: by whose kernels a net is computed.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace effnet::apps {

inline constexpr const char* kKernelsHelp =
    "effnet (the project's own), reference (LibTorch's) or auto (the project's where they are)";

// Error{kUsage} at `where` unless `choice` is auto, effnet or reference.
void check_kernel_choice(const std::string& choice, std::string_view where);

// --kernels with that check; its default is what `choice` is now.
void add_kernels_flag(CLI::App& command, std::string& choice, const std::string& help = kKernelsHelp);

}  // namespace effnet::apps
