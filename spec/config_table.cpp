#include "spec/config_table.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "spec/atomic_file.h"
#include "spec/suggestion.h"

namespace effnet::spec {

struct ConfigTable::Node {
  std::string file;
  std::string path;  // "stage[2].", for messages
  const toml::table* table = nullptr;
  std::shared_ptr<toml::table> root;                                     // keeps `table` alive
  std::set<std::string, std::less<>> asked;                              // keys somebody knows
  std::map<std::string, std::shared_ptr<Node>, std::less<>> handed_out;  // sub-tables, by "key" or "key[i]"
};

namespace {

std::string position(const std::string& file, const toml::source_region& source) {
  return source.begin.line > 0 ? fmt::format("{}:{}", file, source.begin.line) : file;
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    else
      out += c;
  }
  return out + '"';
}

ConfigTable ConfigTable::read(const std::filesystem::path& file) {
  return parse(read_file(file), file.string());
}

ConfigTable ConfigTable::parse(std::string_view text, std::string_view where) {
  try {
    auto node = std::make_shared<Node>();
    node->file = where;
    node->root = std::make_shared<toml::table>(toml::parse(text, where));
    node->table = node->root.get();
    return ConfigTable(node);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::kUsage, position(std::string(where), error.source()), error.description(),
                "the file must be TOML (toml.io)");
  }
}

bool ConfigTable::has(std::string_view key) const {
  node_->asked.emplace(key);
  return node_->table->contains(key);
}

std::string ConfigTable::where(std::string_view key) const {
  const toml::node* found = key.empty() ? nullptr : node_->table->get(key);
  return position(node_->file, found ? found->source() : node_->table->source());
}

Error ConfigTable::error(std::string_view key, std::string_view message, std::string_view advice) const {
  return Error(ErrorKind::kUsage, where(key), fmt::format("{}{}: {}", node_->path, key, message), advice);
}

namespace {

template <class T>
T value_of(const ConfigTable& table, const toml::table& content, std::string_view key,
           std::string_view expected) {
  table.has(key);  // notes the key as known
  const toml::node* node = content.get(key);
  if (!node) throw table.error(key, fmt::format("is missing; {} is expected", expected));
  const std::optional<T> value = node->value<T>();
  // toml++ converts between numbers and truth values when asked; a config file must say what it means.
  const bool same_kind = std::is_same_v<T, bool> == node->is_boolean() &&
                         (!std::is_same_v<T, std::int64_t> || node->is_integer());
  if (!value || !same_kind)
    throw table.error(key, fmt::format("is {}; {} is expected", type_name(*node), expected));
  return *value;
}

}  // namespace

std::int64_t ConfigTable::integer(std::string_view key) const {
  return value_of<std::int64_t>(*this, *node_->table, key, "an integer");
}
double ConfigTable::number(std::string_view key) const {
  return value_of<double>(*this, *node_->table, key, "a number");
}
bool ConfigTable::boolean(std::string_view key) const {
  return value_of<bool>(*this, *node_->table, key, "true or false");
}
std::string ConfigTable::string(std::string_view key) const {
  return value_of<std::string>(*this, *node_->table, key, "a string");
}

std::int64_t ConfigTable::integer_or(std::string_view key, std::int64_t fallback) const {
  return has(key) ? integer(key) : fallback;
}
double ConfigTable::number_or(std::string_view key, double fallback) const {
  return has(key) ? number(key) : fallback;
}
bool ConfigTable::boolean_or(std::string_view key, bool fallback) const {
  return has(key) ? boolean(key) : fallback;
}
std::string ConfigTable::string_or(std::string_view key, std::string_view fallback) const {
  return has(key) ? string(key) : std::string(fallback);
}

ConfigTable ConfigTable::table(std::string_view key) const {
  if (!has(key)) throw error(key, fmt::format("the table [{}{}] is missing", node_->path, key));
  const toml::table* content = node_->table->get(key)->as_table();
  if (!content) throw error(key, "a table is expected");
  std::shared_ptr<Node>& child = node_->handed_out[std::string(key)];
  if (!child)
    child = std::make_shared<Node>(
        Node{node_->file, fmt::format("{}{}.", node_->path, key), content, node_->root, {}, {}});
  return ConfigTable(child);
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key) const {
  std::vector<ConfigTable> result;
  if (!has(key)) return result;
  const toml::array* list = node_->table->get(key)->as_array();
  if (!list || !list->is_homogeneous(toml::node_type::table)) {
    throw error(key, fmt::format("tables [[{}]] are expected", key));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string name = fmt::format("{}[{}]", key, i + 1);
    std::shared_ptr<Node>& child = node_->handed_out[name];
    if (!child) {
      child = std::make_shared<Node>(Node{node_->file,
                                          fmt::format("{}{}.", node_->path, name),
                                          list->get(i)->as_table(),
                                          node_->root,
                                          {},
                                          {}});
    }
    result.push_back(ConfigTable(child));
  }
  return result;
}

std::vector<ConfigTable::Scalar> ConfigTable::scalars(std::string_view key) const {
  has(key);
  const toml::node* node = node_->table->get(key);
  if (!node) throw error(key, "is missing; a value or a list of values is expected");
  std::vector<Scalar> result;
  const auto add = [&](const toml::node& element) {
    if (element.is_integer())
      result.emplace_back(*element.value<std::int64_t>());
    else if (element.is_floating_point())
      result.emplace_back(*element.value<double>());
    else if (element.is_boolean())
      result.emplace_back(*element.value<bool>());
    else if (element.is_string())
      result.emplace_back(*element.value<std::string>());
    else
      throw error(key, fmt::format("is or holds {}; numbers, strings or a list of them are expected",
                                   type_name(element)));
  };
  if (const toml::array* list = node->as_array()) {
    for (const toml::node& element : *list) add(element);
  } else {
    add(*node);
  }
  if (result.empty()) throw error(key, "is an empty list", "give at least one value");
  return result;
}

std::vector<double> ConfigTable::numbers(std::string_view key) const {
  has(key);
  const toml::node* node = node_->table->get(key);
  if (const toml::array* list = node ? node->as_array() : nullptr; list && list->empty()) return {};
  std::vector<double> result;
  for (const Scalar& scalar : scalars(key)) {
    if (const double* number = std::get_if<double>(&scalar))
      result.push_back(*number);
    else if (const std::int64_t* whole = std::get_if<std::int64_t>(&scalar))
      result.push_back(static_cast<double>(*whole));
    else
      throw error(key, "numbers are expected");
  }
  return result;
}

std::vector<std::string> ConfigTable::keys() const {
  std::vector<std::pair<toml::source_index, std::string>> ordered;
  for (const auto& [key, node] : *node_->table)
    ordered.emplace_back(key.source().begin.line, std::string(key.str()));
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& [line, name] : ordered) names.push_back(std::move(name));
  return names;
}

void ConfigTable::reject_unknown_keys() const {
  for (const auto& [key, value] : *node_->table) {
    if (node_->asked.contains(key.str())) continue;
    const std::vector<std::string> known(node_->asked.begin(), node_->asked.end());
    throw Error(ErrorKind::kUsage, position(node_->file, key.source()),
                fmt::format("unknown key '{}{}'", node_->path, key.str()), did_you_mean(key.str(), known));
  }
  for (const auto& [name, child] : node_->handed_out) ConfigTable(child).reject_unknown_keys();
}

}  // namespace effnet::spec
