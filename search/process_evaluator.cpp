#include "search/process_evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "spec/error.h"

namespace effnet::search {
namespace {

using spec::Error;
using spec::ErrorKind;
using spec::Outcome;
using spec::OutcomeKind;
using Clock = ChildProcess::Clock;

constexpr auto kGlance = std::chrono::milliseconds(100);   // how often a stop is looked for
constexpr auto kDying = std::chrono::milliseconds(500);    // for a child that closed its stdout
constexpr auto kLeaving = std::chrono::milliseconds(200);  // for an idle child at the end of the study
constexpr std::size_t kLastWords = 600;

// Out-of-memory kills since boot, by the kernel's own count; 0 where it is not told.
long kernel_kills() {
  std::ifstream statistics("/proc/vmstat");
  std::string name;
  long value = 0;
  while (statistics >> name >> value) {
    if (name == "oom_kill") return value;
  }
  return 0;
}

// The fraction of {"trial":3,"progress":0.4}; empty for any other line.
std::optional<double> progress_of(const std::string& line) {
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("progress") || !json["progress"].is_number()) return {};
  return std::clamp(json["progress"].get<double>(), 0.0, 1.0);
}

std::uintmax_t size_of(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = file.empty() ? 0 : std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

}  // namespace

ProcessEvaluator::ProcessEvaluator(ProcessEvaluatorConfig config) : config_(std::move(config)) {}

ProcessEvaluator::~ProcessEvaluator() {
  if (child_) child_->finish(kLeaving);
}

Outcome ProcessEvaluator::evaluate(const spec::Trial& trial, Reporter& reporter) {
  const auto start = Clock::now();
  Outcome outcome = converse(trial, reporter);
  if (outcome.seconds == 0) outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return outcome;
}

Outcome ProcessEvaluator::converse(const spec::Trial& trial, Reporter& reporter) {
  log_start_ = size_of(config_.command.log);
  kernel_kills_ = kernel_kills();
  if (!child_) child_ = std::make_unique<ChildProcess>(config_.command);
  const bool timed = config_.timeout > 0;
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(timed ? std::min(config_.timeout, 1e8) : 1e8));
  if (!child_->write_line(spec::trial_json(trial),
                          std::min(deadline, Clock::now() + std::chrono::seconds(30)))) {
    return ended(kDying);
  }
  std::string line;
  while (true) {
    switch (child_->read_line(line, std::min(deadline, Clock::now() + kGlance))) {
      case ChildProcess::ReadResult::kEnd:
        return ended(kDying);
      case ChildProcess::ReadResult::kTimeout:
        break;
      case ChildProcess::ReadResult::kLine:
        if (const std::optional<double> fraction = progress_of(line)) {
          reporter.progress(trial.number, *fraction);
          break;
        }
        try {
          const Outcome outcome = spec::outcome_from_json(line, trial.number, config_.command.arguments[0]);
          answered_ = true;
          return outcome;
        } catch (const Error& error) {
          return failed(OutcomeKind::kCrashed,
                        fmt::format("the answer is not understood: {}", error.message()));
        }
    }
    if (!reporter.go_on(trial.number)) {
      child_.reset();
      throw Error(ErrorKind::kStopped, {}, fmt::format("trial {} was stopped", trial.number));
    }
    if (Clock::now() >= deadline) {
      return failed(OutcomeKind::kTimedOut, fmt::format("no answer within {} s", config_.timeout));
    }
  }
}

// The child has gone, or closed its stdout: find out why.
Outcome ProcessEvaluator::ended(std::chrono::milliseconds grace) {
  const ChildExit exit = child_->finish(grace);
  child_.reset();
  if (exit.by_us) return failed(OutcomeKind::kCrashed, "the program stopped answering");
  if (exit.signal == SIGKILL) {
    if (kernel_kills() > kernel_kills_) {
      return failed(OutcomeKind::kOutOfMemory, "the kernel killed the program for want of memory");
    }
    return failed(OutcomeKind::kCrashed,
                  "killed by signal 9 (by hand, or for want of memory: the kernel's log tells)");
  }
  if (!answered_ && exit.signal == 0 && exit.code >= 2 && exit.code <= 4) {
    throw Error(*spec::kind_of_exit_code(exit.code), config_.command.arguments[0],
                fmt::format("ended with {} before it answered a trial{}", to_text(exit), last_words()));
  }
  return failed(OutcomeKind::kCrashed, to_text(exit));
}

Outcome ProcessEvaluator::failed(OutcomeKind kind, std::string message) {
  child_.reset();
  Outcome outcome;
  outcome.kind = kind;
  outcome.message = std::move(message) + last_words();
  return outcome;
}

// ": " and the end of what the child wrote to its log during this trial.
std::string ProcessEvaluator::last_words() const {
  const std::uintmax_t size = size_of(config_.command.log);
  if (size <= log_start_) return {};
  const std::uintmax_t length = std::min<std::uintmax_t>(size - log_start_, kLastWords);
  std::ifstream log(config_.command.log, std::ios::binary);
  log.seekg(static_cast<std::streamoff>(size - length));
  std::string text(length, '\0');
  log.read(text.data(), static_cast<std::streamsize>(length));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(log.gcount(), 0)));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text.empty() ? text : ": " + text;
}

}  // namespace effnet::search
