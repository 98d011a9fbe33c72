#include "search/table_evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "spec/atomic_file.h"
#include "spec/error.h"
#include "spec/suggestion.h"

namespace effnet::search {
namespace {

using spec::Error;
using spec::ErrorKind;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// One CSV row; "" inside quotes is a quote. Quoted fields do not span lines.
std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

std::size_t column_of(const std::vector<std::string>& names, const std::string& name,
                      const std::string& file) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  throw Error(ErrorKind::kUsage, file, fmt::format("the table has no column '{}'", name),
              spec::did_you_mean(name, names));
}

double percentage(const std::string& text, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 100) return value;
  throw Error(ErrorKind::kBadData, where, fmt::format("'{}' is no accuracy in percent", text));
}

// Numbers are compared as numbers: "3.0" in a table is the choice 3.
std::string canonical_value(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? spec::to_text(spec::ChoiceValue(value))
                                                                  : text;
}

}  // namespace

TableSource parse_table_source(std::string_view text) {
  const std::vector<std::string> parts = split(text, ',');
  TableSource source{parts[0], {}};
  bool form_given = false;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string option = parts[i].substr(0, parts[i].find('='));
    const std::string value = parts[i].substr(std::min(option.size() + 1, parts[i].size()));
    if (option == "key") {
      source.mapping.key = value;
    } else if (option == "accuracy") {
      source.mapping.accuracy = split(value, '+');
    } else if (option == "form" && (value == "arch" || value == "digits" || value == "choices")) {
      form_given = true;
      source.mapping.kind = value == "arch"     ? TableKey::kArch
                            : value == "digits" ? TableKey::kDigits
                                                : TableKey::kChoices;
    } else {
      throw Error(ErrorKind::kUsage, fmt::format("table:{}", text),
                  fmt::format("'{}' is not understood", parts[i]),
                  "known: key=COLUMN, form=arch|digits|choices, accuracy=COLUMN[+COLUMN...]");
    }
  }
  if (!form_given && !source.mapping.key.empty()) source.mapping.kind = TableKey::kArch;
  if (source.mapping.key.empty()) source.mapping.key = "arch";
  if (source.mapping.accuracy.empty()) source.mapping.accuracy = {"accuracy"};
  return source;
}

OutcomeTable::OutcomeTable(std::string_view csv, std::string where, TableMapping mapping, const Space& space)
    : mapping_(std::move(mapping)), where_(std::move(where)), dimensions_(space.dimensions()) {
  const std::vector<std::string> lines = split(csv, '\n');
  const std::vector<std::string> names = csv_fields(lines[0]);
  std::vector<std::size_t> key_columns, accuracy_columns;
  if (mapping_.kind == TableKey::kChoices) {
    for (const Dimension& dimension : dimensions_)
      key_columns.push_back(column_of(names, dimension.name, where_));
  } else {
    key_columns.push_back(column_of(names, mapping_.key, where_));
  }
  for (const std::string& name : mapping_.accuracy)
    accuracy_columns.push_back(column_of(names, name, where_));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty() || lines[i] == "\r") continue;
    const std::string line = fmt::format("{}:{}", where_, i + 1);
    const std::vector<std::string> fields = csv_fields(lines[i]);
    if (fields.size() != names.size()) {
      throw Error(ErrorKind::kBadData, line,
                  fmt::format("{} fields where the first row has {}", fields.size(), names.size()));
    }
    std::string key;
    for (const std::size_t column : key_columns) {
      key += mapping_.kind == TableKey::kChoices ? canonical_value(fields[column]) + "," : fields[column];
    }
    std::vector<double>& row = rows_[key];
    row.clear();
    for (const std::size_t column : accuracy_columns) row.push_back(percentage(fields[column], line));
  }
}

std::string OutcomeTable::key_of(const spec::Candidate& net) const {
  if (mapping_.kind == TableKey::kArch) return spec::to_text(net.arch);
  std::string key;
  for (const auto& [name, values] : dimensions_) {
    const spec::ChoiceValue& value = net.choices.at(name);
    if (mapping_.kind == TableKey::kChoices)
      key += spec::to_text(value) + ",";
    else
      key += std::to_string(std::find(values.begin(), values.end(), value) - values.begin());
  }
  return key;
}

const std::vector<double>* OutcomeTable::runs_of(const spec::Candidate& net) const {
  const auto row = rows_.find(key_of(net));
  return row == rows_.end() ? nullptr : &row->second;
}

TableEvaluator::TableEvaluator(const TableSource& source, const Space& space)
    : table_(spec::read_file(source.file), source.file.string(), source.mapping, space) {}

spec::Outcome TableEvaluator::evaluate(const spec::Trial& trial, Reporter&) {
  spec::Outcome outcome;
  const std::vector<double>* runs = table_.runs_of(trial.candidate);
  if (!runs) {
    outcome.kind = spec::OutcomeKind::kCrashed;
    outcome.message = fmt::format("{} has no row '{}'", table_.where(), table_.key_of(trial.candidate));
    return outcome;
  }
  spec::RandomStream random(trial.seed);
  outcome.accuracy = (*runs)[random.below(runs->size())];
  outcome.pictures = trial.budget.total_pictures();
  return outcome;
}

}  // namespace effnet::search
