#include "apps/effnet/training_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <thread>

#include "apps/effnet/trainer_process.h"
#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::apps {
namespace {

using search::ChildProcess;
using spec::Error;
using spec::ErrorKind;

struct Failure {
  std::string reason;
  ErrorKind kind = ErrorKind::kFailed;
};

// What the workers share; every member is read and written under the mutex.
struct Board {
  std::mutex mutex;
  std::vector<std::size_t> order;  // of the jobs, the next at the front
  std::size_t next = 0;
  std::vector<double> fractions;
  std::vector<Failure> failures;  // with an empty reason: the job did not fail
  std::exception_ptr error;
};

std::optional<spec::RunRecord> finished_record(const PooledJob& job) {
  const auto file = job.run_folder / "results.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  return spec::run_record_from_json(spec::read_file(file), file.string());
}

std::string message_in(const std::filesystem::path& log) {
  return std::filesystem::exists(log) ? last_message(spec::read_file(log)) : "no message";
}

double fraction_in(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded() || !json.contains("step") || !json.contains("steps")) return -1;
  return json["step"].get<double>() / std::max(1.0, json["steps"].get<double>());
}

// A child that was asked to stop writes its checkpoint first; its output is read until then, because a pipe closed
// under it would end it in mid-step.
void wait_for_checkpoint(ChildProcess& child) {
  child.interrupt();
  const auto deadline = ChildProcess::Clock::now() + std::chrono::seconds(30);
  std::string line;
  while (child.read_line(line, deadline) == ChildProcess::ReadResult::kLine) continue;
  child.finish(std::chrono::seconds(5));
}

// One child from start to end, and why it failed.
Failure run_job(const PooledJob& job, const std::atomic<bool>& stop,
                const std::function<void(double)>& on_fraction) {
  search::ChildCommand command = job.command;
  command.log = job.run_folder.string() + ".log";
  std::filesystem::create_directories(job.run_folder.parent_path());
  ChildProcess child(command);
  std::string line;
  while (true) {
    const auto read = child.read_line(line, ChildProcess::Clock::now() + std::chrono::milliseconds(300));
    if (read == ChildProcess::ReadResult::kEnd) break;
    if (read == ChildProcess::ReadResult::kLine) {
      if (const double fraction = fraction_in(line); fraction >= 0) on_fraction(fraction);
    }
    if (stop) {
      wait_for_checkpoint(child);
      return {"stopped"};
    }
  }
  const search::ChildExit exit = child.finish(std::chrono::seconds(30));
  if (exit.code == 0 && exit.signal == 0) return {};
  return {fmt::format("{}: {}", search::to_text(exit), message_in(command.log)), kind_of(exit)};
}

}  // namespace

PoolResult train_all(const std::vector<PooledJob>& jobs, int workers, Progress& progress,
                     std::string_view phase, const std::atomic<bool>& stop) {
  Board board;
  board.order.resize(jobs.size());
  board.fractions.resize(jobs.size());
  board.failures.resize(jobs.size());
  std::iota(board.order.begin(), board.order.end(), 0);
  std::stable_sort(board.order.begin(), board.order.end(),
                   [&](std::size_t a, std::size_t b) { return jobs[a].weight > jobs[b].weight; });

  double total = 0, resumed = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    total += jobs[i].weight;
    if (!finished_record(jobs[i])) continue;
    board.fractions[i] = 1;
    resumed += jobs[i].weight;
  }
  progress.begin(phase, resumed / std::max(total, 1e-9));

  const auto report = [&](std::size_t index, double fraction) {
    const std::lock_guard lock(board.mutex);
    board.fractions[index] = std::max(board.fractions[index], fraction);
    double done = 0;
    std::size_t finished = 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      done += board.fractions[i] * jobs[i].weight;
      finished += board.fractions[i] >= 1 ? 1 : 0;
    }
    progress.update(done / std::max(total, 1e-9),
                    fmt::format("{} ({} of {} nets done)", jobs[index].name, finished, jobs.size()));
  };
  const auto work = [&] {
    while (!stop) {
      std::size_t index = 0;
      {
        const std::lock_guard lock(board.mutex);
        while (board.next < board.order.size() && board.fractions[board.order[board.next]] >= 1) ++board.next;
        if (board.next >= board.order.size() || board.error) return;
        index = board.order[board.next++];
      }
      try {
        Failure failure =
            run_job(jobs[index], stop, [&](double fraction) { report(index, std::min(fraction, 0.99)); });
        if (!stop) report(index, 1);
        const std::lock_guard lock(board.mutex);
        board.failures[index] = std::move(failure);
      } catch (...) {
        const std::lock_guard lock(board.mutex);
        board.error = std::current_exception();
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (board.error) std::rethrow_exception(board.error);
  if (stop) throw Error(ErrorKind::kStopped, "", "stopped; every net's checkpoint is written");
  progress.finish();

  PoolResult result;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (const auto record = finished_record(jobs[i])) {
      result.records.push_back(*record);
    } else {
      result.failed.push_back({jobs[i].name, board.failures[i].reason, board.failures[i].kind});
    }
  }
  return result;
}

}  // namespace effnet::apps
