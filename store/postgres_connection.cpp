#include "store/postgres_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <pqxx/pqxx>
#include <thread>

#include "spec/error.h"

namespace effnet::store {
namespace {

using spec::Error;
using spec::ErrorKind;
using Clock = std::chrono::steady_clock;

constexpr auto kFirstPause = std::chrono::milliseconds(50), kLongestPause = std::chrono::milliseconds(1000);

// The library's messages have several lines; statements, hints and positions follow the first of a server's.
std::string one_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  std::string line;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  return line;
}

std::string first_line(const std::string& text) {
  return one_line(text.substr(0, text.find('\n')));
}

// The client library has only words for why there is no connection.
std::string_view advice_for_connecting(const std::string& why) {
  const auto says = [&](std::string_view words) { return why.find(words) != std::string::npos; };
  if (says("password") || says("authentication"))
    return "put the password into ~/.pgpass (host:port:database:user:password, chmod 600) or PGPASSWORD";
  if (says("database") && says("does not exist"))
    return "make the database on the server: createdb NAME, or name one that is there";
  if (says("role") && says("does not exist"))
    return "make the user on the server: createuser NAME, or name another";
  if (says("too many clients") || says("remaining connection slots"))
    return "raise max_connections of the server, or use fewer workers";
  if (says("pg_hba.conf")) return "allow this machine in the server's pg_hba.conf";
  return "check that the server runs there, listens for this machine, and that the URL is right";
}

ErrorKind kind_of(const std::string& state) {
  const std::string group = state.substr(0, 2);
  if (group == "53" || group == "54" || group == "55" || group == "57" || group == "58" || group == "25" ||
      state == "42501")
    return ErrorKind::kEnvironment;  // resources, locks, an operator, files, read only; permissions
  if (group == "XX" || state == "42P01" || state == "42703" || group == "3F") return ErrorKind::kBadData;
  return ErrorKind::kFailed;
}

std::string_view advice_for(const std::string& state) {
  if (state == "42501")
    return "ask the store's owner for the privileges, or the database's for GRANT CREATE ON DATABASE; or use "
           "the owner's user";
  if (state == "53100")
    return "free some space on the server and run the same command again; recorded trials are intact";
  if (state == "55P03") return "another process holds the rows; wait for it or stop it";
  if (state == "25006") return "the server only takes reads; name the one that takes writes";
  if (kind_of(state) == ErrorKind::kBadData)
    return "the trial store was changed by something else; use another name behind the #";
  return {};
}

// Version 6 of the library knows some errors by their type alone.
std::string state_of(const std::exception& error) {
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error);
  if (!sql || !sql->sqlstate().empty()) return sql ? sql->sqlstate() : std::string();
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error)) return "42501";
  if (dynamic_cast<const pqxx::undefined_table*>(&error)) return "42P01";
  if (dynamic_cast<const pqxx::undefined_column*>(&error)) return "42703";
  if (dynamic_cast<const pqxx::disk_full*>(&error)) return "53100";
  if (dynamic_cast<const pqxx::insufficient_resources*>(&error)) return "53000";
  return {};
}

// The server shuts down, has crashed, or does not know what became of the transaction.
bool is_lost(const std::exception& error) {
  if (dynamic_cast<const pqxx::broken_connection*>(&error) ||
      dynamic_cast<const pqxx::in_doubt_error*>(&error))
    return true;
  const std::string state = state_of(error);
  return state.starts_with("57P") || state.starts_with("08");
}

}  // namespace

struct PostgresConnection::Session {
  explicit Session(const std::string& url) : connection(url), quiet(connection) {
    // A connection that comes back by itself has lost its settings. Version 7 of the library has no such thing.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    const auto stay_lost = [](auto& one) {
      if constexpr (requires { one.inhibit_reactivation(true); }) one.inhibit_reactivation(true);
    };
#pragma GCC diagnostic pop
    stay_lost(connection);
  }

  pqxx::connection connection;
  pqxx::quiet_errorhandler quiet;  // notices are not for stderr
};

PostgresConnection::PostgresConnection(PostgresLocation location, Access access)
    : location_(std::move(location)), access_(access), session_(connect()) {}

PostgresConnection::~PostgresConnection() = default;

std::unique_ptr<PostgresConnection::Session> PostgresConnection::connect() const {
  try {
    auto session = std::make_unique<Session>(location_.url);
    pqxx::nontransaction settings(session->connection);
    settings.exec(fmt::format(
        "SET client_encoding = 'UTF8'; SET search_path = \"{}\"; SET lock_timeout = '10s';"
        "SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = {};"
        "SET synchronous_commit = off",
        location_.schema, access_ == Access::kRead ? "on" : "off"));
    return session;
  } catch (const std::exception& error) {
    const std::string why = one_line(error.what());
    throw Error(ErrorKind::kEnvironment, location_.shown, fmt::format("no connection: {}", why),
                advice_for_connecting(why));
  }
}

std::unique_ptr<PostgresConnection::Session> PostgresConnection::reconnect() const {
  const Clock::time_point deadline = Clock::now() + location_.patience;
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    try {
      return connect();
    } catch (const Error& error) {
      if (Clock::now() + pause > deadline) {
        throw Error(error.kind(), error.where(),
                    fmt::format("the connection was lost, and there is none again: {}",
                                error.message().substr(error.message().find(": ") + 2)),
                    "what was recorded is there; when the server runs, run the same command again");
      }
    }
    std::this_thread::sleep_for(pause);
  }
}

void PostgresConnection::run_alone(Durability durability, const Work& work) const {
  const std::scoped_lock lock(mutex_);
  for (Attempt attempt = Attempt::kFirst;; attempt = Attempt::kRepeat) {
    if (!session_ || !session_->connection.is_open()) session_ = nullptr, session_ = reconnect();
    try {
      if (durability == Durability::kQuick) {
        pqxx::nontransaction each(session_->connection);
        work(each, attempt);
      } else {
        pqxx::work whole(session_->connection);
        whole.exec("SET LOCAL synchronous_commit = on");
        work(whole, attempt);
        whole.commit();
      }
      return;
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      if (is_lost(error) || !session_->connection.is_open()) {
        session_ = nullptr;
        if (attempt == Attempt::kFirst) continue;
        throw Error(ErrorKind::kEnvironment, location_.shown,
                    fmt::format("the connection was lost twice: {}", first_line(error.what())),
                    "what was recorded is there; when the server runs steadily, run the same command again");
      }
      const std::string state = state_of(error);
      throw Error(kind_of(state), location_.shown, fmt::format("trial store: {}", first_line(error.what())),
                  advice_for(state));
    }
  }
}

}  // namespace effnet::store
