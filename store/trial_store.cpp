#include "store/trial_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <iterator>
#include <sstream>

#include "spec/error.h"
#include "spec/suggestion.h"
#include "store/config_difference.h"
#include "store/trial_backend.h"

namespace effnet::store {
namespace {

using spec::Error;
using spec::ErrorKind;

std::unique_ptr<TrialBackend> backend_of(const std::string& location, Access access) {
  if (is_postgres_url(location)) return open_postgres(parse_postgres_url(location), access);
  return open_sqlite(location, access);
}

}  // namespace

std::int64_t stored_seed(std::uint64_t seed) {
  return std::bit_cast<std::int64_t>(seed);
}

std::uint64_t seed_of(std::int64_t stored) {
  return std::bit_cast<std::uint64_t>(stored);
}

std::string rungs_text(const std::vector<double>& rungs) {
  return fmt::format("{}", fmt::join(rungs, " "));
}

std::vector<double> rungs_of(const std::string& text) {
  std::istringstream numbers(text);
  return {std::istream_iterator<double>(numbers), {}};
}

void check_same_settings(const StudyRecord& stored, const StudyRecord& given, std::string_view where) {
  std::string difference = config_difference(stored.config_json, given.config_json, where);
  if (stored.seed != given.seed)
    difference = fmt::format("seed was {} and is now {}", stored.seed, given.seed);
  if (difference.empty()) return;
  throw Error(ErrorKind::kUsage, where,
              fmt::format("study '{}' was started with other settings: {}", given.name, difference),
              "repeat the settings it was started with to go on with it, or give another --output folder");
}

TrialStore::TrialStore(std::unique_ptr<TrialBackend> backend) : backend_(std::move(backend)) {}
TrialStore::TrialStore(TrialStore&&) noexcept = default;
TrialStore& TrialStore::operator=(TrialStore&&) noexcept = default;
TrialStore::~TrialStore() = default;

TrialStore TrialStore::open(const std::string& location) {
  return TrialStore(backend_of(location, Access::kWrite));
}

TrialStore TrialStore::open_existing(const std::string& location) {
  return TrialStore(backend_of(location, Access::kRead));
}

std::string TrialStore::where() const {
  return backend_->where();
}

void TrialStore::open_study(const StudyRecord& study) {
  backend_->open_study(study);
}

std::vector<StudyRecord> TrialStore::studies() const {
  return backend_->studies();
}

StudyRecord TrialStore::study(std::string_view name) const {
  std::vector<std::string> known;
  for (StudyRecord& study : studies()) {
    if (study.name == name) return study;
    known.push_back(study.name);
  }
  throw Error(ErrorKind::kUsage, where(), fmt::format("there is no study '{}'", name),
              spec::did_you_mean(name, known));
}

void TrialStore::record(std::string_view study, const TrialRecord& trial) {
  backend_->record(study, trial);
}

std::vector<TrialRecord> TrialStore::trials(std::string_view study) const {
  return backend_->trials(study);
}

void TrialStore::offer(std::string_view study, const spec::Trial& trial) {
  backend_->offer(study, trial);
}

void TrialStore::offer_again(std::string_view study, int number) {
  backend_->offer_again(study, number);
}

std::optional<Claim> TrialStore::claim(std::string_view worker, double life, std::string_view study) {
  return backend_->claim(worker, life, study);
}

bool TrialStore::beat(const Claim& claim, double progress) {
  return backend_->beat(claim, progress);
}

bool TrialStore::deliver(const Claim& claim, const spec::Outcome& outcome) {
  return backend_->deliver(claim, outcome);
}

void TrialStore::give_back(const Claim& claim) {
  backend_->give_back(claim);
}

void TrialStore::give_back_all(std::string_view study, std::string_view worker_prefix) {
  backend_->give_back_all(study, worker_prefix);
}

std::vector<QueuedTrial> TrialStore::queue(std::string_view study) const {
  return backend_->queue(study);
}

}  // namespace effnet::store
