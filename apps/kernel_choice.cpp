#include "apps/kernel_choice.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::apps {

void check_kernel_choice(const std::string& choice, std::string_view where) {
  static const std::vector<std::string> kChoices{"auto", "effnet", "reference"};
  if (std::find(kChoices.begin(), kChoices.end(), choice) != kChoices.end()) return;
  throw spec::Error(spec::ErrorKind::kUsage, where, fmt::format("unknown kernels '{}'", choice),
                    spec::did_you_mean(choice, kChoices));
}

void add_kernels_flag(CLI::App& command, std::string& choice, const std::string& help) {
  command
      .add_option_function<std::string>(
          "--kernels",
          [&choice](const std::string& word) {
            check_kernel_choice(word, "--kernels");
            choice = word;
          },
          help)
      ->default_str(choice);
}

}  // namespace effnet::apps
