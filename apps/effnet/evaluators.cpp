#include "apps/effnet/evaluators.h"

#include <fmt/format.h>

#include <sstream>

#include "search/process_evaluator.h"
#include "search/table_evaluator.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

constexpr std::string_view kCommandPrefix = "command:", kTablePrefix = "table:";

search::EvaluatorFactory program_evaluators(const std::string& command, double timeout,
                                            const std::filesystem::path& folder) {
  std::istringstream words(command);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  if (arguments.empty())
    throw spec::Error(spec::ErrorKind::kUsage, "--evaluator", "command: needs a program");
  return [=](int worker) -> std::unique_ptr<search::Evaluator> {
    return std::make_unique<search::ProcessEvaluator>(
        search::ProcessEvaluatorConfig{.command = {.arguments = arguments,
                                                   .environment = {},
                                                   .log = folder / fmt::format("child-{}.log", worker)},
                                       .timeout = timeout});
  };
}

}  // namespace

search::EvaluatorFactory evaluators_of(const std::string& evaluator, const StudyChildren& children,
                                       const search::Space* space, const std::filesystem::path& folder) {
  if (evaluator == "train") return trainer_evaluators(children.trainer, folder, children.trial_timeout);
  if (evaluator.starts_with(kCommandPrefix))
    return program_evaluators(evaluator.substr(kCommandPrefix.size()), children.trial_timeout, folder);
  if (evaluator.starts_with(kTablePrefix) && space != nullptr) {
    const search::TableEvaluator table(search::parse_table_source(evaluator.substr(kTablePrefix.size())),
                                       *space);
    return [table](int) { return std::make_unique<search::TableEvaluator>(table); };
  }
  throw spec::Error(spec::ErrorKind::kUsage, "--evaluator", fmt::format("unknown evaluator '{}'", evaluator),
                    "expected: train, command:PROGRAM ARGS or table:FILE.csv");
}

}  // namespace effnet::apps
