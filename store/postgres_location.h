// Where a trial store lies on a PostgreSQL server: a URL of PostgreSQL's own form, and behind # which of the trial stores in
// that database is meant.
//
//   postgresql://user@host:port/database#fashion    the schema effnet_fashion; without #..., effnet_default
//
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS. Stricter in one point: a password in
// which @ : / ? # % stand for themselves is refused, because what is read from such a URL as its host or port, and shown in
// a message, may be a part of the password.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace effnet::store {

struct PostgresLocation {
  std::string
      url;  // for the client library: without the fragment; a server that is gone is noticed in a minute
  std::string schema;                 // "effnet_fashion"
  std::string shown;                  // for messages and records: without password
  std::chrono::seconds patience{30};  // connect_timeout; so long a lost connection is tried again, too
};

bool is_postgres_url(std::string_view location);  // begins with postgresql: or postgres:

// kUsage for a URL that is none, or whose fragment is no name (letters, digits, _); no message repeats what may be a part of
// a password.
PostgresLocation parse_postgres_url(std::string_view url);

}  // namespace effnet::store
