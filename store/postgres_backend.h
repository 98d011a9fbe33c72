// Trials in a schema of a PostgreSQL server. Every function is one statement, or one transaction under READ COMMITTED, so that
// it can be repeated when the connection was lost on the way; a claim takes its row by FOR UPDATE SKIP LOCKED, and the time of
// claims and signs of life is the server's. Only the .cpp files of store/ include this.
#pragma once

#include "store/postgres_connection.h"
#include "store/trial_backend.h"

namespace effnet::store {

class PostgresBackend final : public TrialBackend {
 public:
  PostgresBackend(const PostgresLocation& location, Access access);

  std::string where() const override { return connection_.location().shown; }
  void open_study(const StudyRecord& study) override;
  std::vector<StudyRecord> studies() const override;
  void record(std::string_view study, const TrialRecord& trial) override;
  std::vector<TrialRecord> trials(std::string_view study) const override;

  void offer(std::string_view study, const spec::Trial& trial) override;
  void offer_again(std::string_view study, int number) override;
  std::optional<Claim> claim(std::string_view worker, double life, std::string_view study) override;
  bool beat(const Claim& claim, double progress) override;
  bool deliver(const Claim& claim, const spec::Outcome& outcome) override;
  void give_back(const Claim& claim) override;
  void give_back_all(std::string_view study, std::string_view worker_prefix) override;
  std::vector<QueuedTrial> queue(std::string_view study) const override;

 private:
  std::int64_t study_id(pqxx::transaction_base& server,
                        std::string_view name) const;  // kFailed if not opened
  [[noreturn]] void fail_not_opened(std::string_view study) const;

  PostgresConnection connection_;
};

// Checks that the schema is a trial store of this version, or makes it one where there is nothing and `access` says so. Of
// many processes that come at once one makes it. kBadData for what is none, or of another version.
void prepare_schema(const PostgresConnection& connection, Access access);

// A number's shortest text that reads back as the same bits, and back.
std::string exact_text(double value);
double exact_value(const char* text);

}  // namespace effnet::store
