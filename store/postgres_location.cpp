#include "store/postgres_location.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>

#include "spec/error.h"

namespace effnet::store {
namespace {

constexpr std::string_view kSchemaPrefix = "effnet_";
constexpr std::string_view kDefaultName = "default";
constexpr std::size_t kLongestName = 63 - kSchemaPrefix.size();  // PostgreSQL cuts longer names off

// Added where the URL does not say otherwise. Seconds, the last in milliseconds: a machine that has vanished says nothing.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kDefaults{
    {{"connect_timeout", "30"},
     {"fallback_application_name", "effnet"},
     {"keepalives_idle", "30"},
     {"keepalives_interval", "10"},
     {"keepalives_count", "3"},
     {"tcp_user_timeout", "60000"}}};

using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

[[noreturn]] void refuse(std::string_view message, std::string_view advice) {
  throw spec::Error(spec::ErrorKind::kUsage, "URL of the trial store", message, advice);
}

constexpr std::string_view kForm = "the form is postgresql://user@host:port/database#name";

bool all(std::string_view text, int (*is_one)(int)) {
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) { return is_one(c) != 0; });
}

void check_percents(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view digits = text.substr(at + 1, 2);
    if (digits.size() < 2 || !all(digits, std::isxdigit) || digits == "00")
      refuse("a % is not followed by two hexadecimal digits", "write a % of a password as %25");
  }
}

// What stands before the first of `ends`; `rest` loses it.
std::string_view take_until(std::string_view& rest, std::string_view ends) {
  const std::string_view part = rest.substr(0, std::min(rest.find_first_of(ends), rest.size()));
  rest.remove_prefix(part.size());
  return part;
}

void check_ports(std::string_view hosts) {
  while (!hosts.empty()) {
    std::string_view host = take_until(hosts, ",");
    if (host.starts_with('[')) host.remove_prefix(std::min(host.find(']'), host.size()));
    const std::size_t colon = host.find(':');
    if (colon != std::string_view::npos && !all(host.substr(colon + 1), std::isdigit))
      refuse("what follows the host's colon is no port", kForm);
    if (!hosts.empty()) hosts.remove_prefix(1);
  }
}

Parameters parameters_of(std::string_view query) {
  Parameters found;
  while (!query.empty()) {
    std::string_view value = take_until(query, "&");
    const std::string_view name = take_until(value, "=");
    if (value.empty() || !all(name, [](int c) { return c == '_' ? 1 : std::islower(c); }) ||
        value.find('=', 1) != std::string_view::npos)
      refuse("what follows the ? is not name=value&name=value", "write = & # of a value as %3D %26 %23");
    found.emplace_back(name, value.substr(1));
    if (!query.empty()) query.remove_prefix(1);
  }
  return found;
}

std::string schema_of(std::string_view name) {
  const auto is_allowed = [](int c) { return c == '_' || (c < 128 && std::isalnum(c)) ? 1 : 0; };
  if (name.empty() || name.size() > kLongestName || !all(name, is_allowed)) {
    refuse(fmt::format("the name of a trial store, behind the #, is of letters, digits and _, {} at most",
                       kLongestName),
           "as in postgresql://user@host/database#fashion");
  }
  return fmt::format("{}{}", kSchemaPrefix, name);
}

}  // namespace

bool is_postgres_url(std::string_view location) {
  return location.starts_with("postgresql:") || location.starts_with("postgres:");
}

PostgresLocation parse_postgres_url(std::string_view url) {
  std::string_view rest = url;
  take_until(rest, ":");
  if (!is_postgres_url(url) || !rest.starts_with("://")) refuse("is not of the form postgresql://...", kForm);
  rest.remove_prefix(3);

  const std::size_t at = rest.find_last_of('@');
  if (at != rest.find('@') || (at != std::string_view::npos && at > rest.find_first_of("/?#"))) {
    refuse("an @ stands where none can be",
           "write @ : / ? # of a user's name or a password as %40 %3A %2F %3F %23, or leave the password to "
           "~/.pgpass");
  }
  std::string_view user, password;
  if (at != std::string_view::npos) {
    password = rest.substr(0, at);
    user = take_until(password, ":");
    rest.remove_prefix(at + 1);
  }
  const std::string_view hosts = take_until(rest, "/?#");
  const std::string_view database = take_until(rest, "?#");
  std::string_view query = take_until(rest, "#");
  for (const std::string_view part : {user, password, hosts, database, query}) check_percents(part);
  check_ports(hosts);
  if (!query.empty()) query.remove_prefix(1);

  PostgresLocation location;
  location.schema = schema_of(rest.empty() ? kDefaultName : rest.substr(1));
  location.url = url.substr(0, url.size() - rest.size());
  location.shown = fmt::format("postgresql://{}{}{}{}", user, user.empty() ? "" : "@", hosts, database);

  const Parameters given = parameters_of(query);
  char separator = '?';
  for (const auto& [name, value] : given) {
    if (name == "connect_timeout") {
      int seconds = 0;
      std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (seconds > 0) location.patience = std::chrono::seconds(seconds);
    }
    // What else there is may be a secret.
    if (name != "host" && name != "hostaddr" && name != "port" && name != "dbname" && name != "user")
      continue;
    location.shown += fmt::format("{}{}={}", std::exchange(separator, '&'), name, value);
  }
  location.shown += rest;

  separator = given.empty() ? '?' : '&';
  if (url.substr(0, location.url.size()).ends_with('?')) location.url.pop_back();
  for (const auto& [name, value] : kDefaults) {
    if (std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.first == name; })) continue;
    location.url += fmt::format("{}{}={}", std::exchange(separator, '&'), name, value);
  }
  return location;
}

}  // namespace effnet::store
