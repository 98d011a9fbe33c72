// A TOML file as the program reads it: every key that is asked for is noted, so that what nobody asked for is
// an error with its line and the nearest known key. toml++ stays inside the .cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/error.h"

namespace effnet::spec {

class ConfigTable {
 public:
  using Scalar = std::variant<std::int64_t, double, bool, std::string>;

  static ConfigTable read(const std::filesystem::path& file);  // kBadData if unreadable, kUsage if not TOML
  static ConfigTable parse(std::string_view text, std::string_view where);

  bool has(std::string_view key) const;

  // Required values. A missing key or a wrong type is Error{kUsage} with file:line.
  std::int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;  // integers are accepted
  bool boolean(std::string_view key) const;
  std::string string(std::string_view key) const;
  ConfigTable table(std::string_view key) const;
  std::vector<ConfigTable> tables(std::string_view key) const;  // [[key]]; empty when absent

  // Optional values.
  std::int64_t integer_or(std::string_view key, std::int64_t fallback) const;
  double number_or(std::string_view key, double fallback) const;
  bool boolean_or(std::string_view key, bool fallback) const;
  std::string string_or(std::string_view key, std::string_view fallback) const;

  // A scalar gives one element, a list all of them; kUsage for an empty list or a nested one.
  std::vector<Scalar> scalars(std::string_view key) const;

  // As scalars(), all of them numbers; an empty list is allowed.
  std::vector<double> numbers(std::string_view key) const;

  std::vector<std::string> keys() const;  // in the file's order; marks nothing as known

  // Error{kUsage} at the first key, here or in a table handed out from here, that nobody asked for.
  void reject_unknown_keys() const;

  // "file:line", for errors about a key (or about the table itself with an empty key).
  std::string where(std::string_view key = {}) const;
  Error error(std::string_view key, std::string_view message, std::string_view advice = {}) const;

 private:
  struct Node;
  explicit ConfigTable(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  std::shared_ptr<Node> node_;
};

// A text as a TOML basic string: quoted, with quotes, backslashes and control characters escaped.
std::string toml_string(std::string_view text);

}  // namespace effnet::spec
