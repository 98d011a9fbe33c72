#include "store/config_difference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "spec/error.h"

namespace effnet::store {
namespace {

using Json = nlohmann::json;  // keys sorted, so that equality ignores their order

constexpr std::size_t kLongestShown = 60;

Json parse(std::string_view text, std::string_view where) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw spec::Error(spec::ErrorKind::kBadData, where,
                      fmt::format("the stored configuration is not JSON: {}", error.what()),
                      "the file was written by something else or is damaged; use another folder");
  }
}

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kLongestShown) text = text.substr(0, kLongestShown) + "...";
  return text;
}

// Of two texts of several lines (a plan, a space) the first line that differs.
std::string line_difference(const std::string& stored, const std::string& given, const std::string& path) {
  std::istringstream before(stored), now(given);
  for (int number = 1;; ++number) {
    std::string old_line, new_line;
    const bool has_old = static_cast<bool>(std::getline(before, old_line));
    const bool has_new = static_cast<bool>(std::getline(now, new_line));
    if (has_old && has_new && old_line == new_line) continue;
    if (!has_old && !has_new) return fmt::format("the {} ends in another way", path);
    return fmt::format("line {} of the {} was {} and is now {}", number, path,
                       has_old ? shown(old_line) : "not there", has_new ? shown(new_line) : "not there");
  }
}

std::string difference(const Json& stored, const Json& given, const std::string& path) {
  if (stored == given) return {};
  if (stored.is_string() && given.is_string() && stored.get<std::string>().find('\n') != std::string::npos)
    return line_difference(stored.get<std::string>(), given.get<std::string>(), path);
  if (!stored.is_object() || !given.is_object()) {
    return fmt::format("{} was {} and is now {}", path, shown(stored), shown(given));
  }
  const std::string prefix = path == "the configuration" ? std::string() : path + ".";
  for (const auto& [key, value] : stored.items()) {
    if (!given.contains(key))
      return fmt::format("{}{} was {} and is not given now", prefix, key, shown(value));
    if (std::string text = difference(value, given.at(key), prefix + key); !text.empty()) return text;
  }
  for (const auto& [key, value] : given.items()) {
    if (!stored.contains(key))
      return fmt::format("{}{} was not given and is now {}", prefix, key, shown(value));
  }
  return {};
}

}  // namespace

std::string config_difference(std::string_view stored, std::string_view given, std::string_view where) {
  return difference(parse(stored, where), parse(given, where), "the configuration");
}

}  // namespace effnet::store
