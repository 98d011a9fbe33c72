#include "report/text_table.h"

#include <algorithm>
#include <cassert>

#include "spec/csv_field.h"

namespace effnet::report {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string without_controls(std::string_view text) {
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), is_control, ' ');
  return clean;
}

// Columns a terminal uses: code points, i.e. bytes that do not continue one.
std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string_view text, std::size_t width, Align align) {
  const std::size_t used = display_width(text);
  const std::string space(width > used ? width - used : 0, ' ');
  return align == Align::kLeft ? std::string(text) + space : space + std::string(text);
}

std::string markdown_cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_') escaped += '\\';
    if (c == '<')
      escaped += "&lt;";
    else
      escaped += is_control(c) ? ' ' : c;
  }
  return escaped;
}

template <class Cell>
std::string joined(const std::vector<std::string>& cells, std::string_view separator, Cell&& cell) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += separator;
    line += cell(cells[i]);
  }
  return line;
}

std::vector<std::string> headers(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.header);
  return names;
}

}  // namespace

void TextTable::add_row(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

void TextTable::add_rule() {
  if (rules_.empty() || rules_.back() != rows_.size()) rules_.push_back(rows_.size());
}

TextTable TextTable::without_empty_columns() const {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (std::any_of(rows_.begin(), rows_.end(), [&](const auto& row) { return !row[i].empty(); }))
      kept.push_back(i);
  }
  TextTable table({});
  for (const std::size_t i : kept) table.columns_.push_back(columns_[i]);
  for (const auto& row : rows_) {
    table.rows_.emplace_back();
    for (const std::size_t i : kept) table.rows_.back().push_back(row[i]);
  }
  table.rules_ = rules_;
  return table;
}

std::string TextTable::to_text() const {
  std::vector<std::size_t> widths;
  std::size_t total = columns_.empty() ? 0 : 2 * (columns_.size() - 1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].header);
    for (const auto& row : rows_) width = std::max(width, display_width(without_controls(row[i])));
    widths.push_back(width);
    total += width;
  }
  const std::string rule(total, '-');
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) text += "  ";
      text += padded(without_controls(cells[i]), widths[i], columns_[i].align);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + '\n';
  };
  std::string text = line(headers(columns_)) + rule + '\n';
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (std::binary_search(rules_.begin(), rules_.end(), i) && i > 0) text += rule + '\n';
    text += line(rows_[i]);
  }
  return text;
}

std::string TextTable::to_csv() const {
  std::string csv = joined(headers(columns_), ",", spec::csv_field) + '\n';
  for (const auto& row : rows_) csv += joined(row, ",", spec::csv_field) + '\n';
  return csv;
}

std::string TextTable::to_markdown() const {
  std::string text = "| " + joined(headers(columns_), " | ", markdown_cell) + " |\n|";
  for (const Column& column : columns_) text += column.align == Align::kLeft ? " --- |" : " ---: |";
  text += '\n';
  for (const auto& row : rows_) text += "| " + joined(row, " | ", markdown_cell) + " |\n";
  return text;
}

std::string TextTable::to_html() const {
  const auto line = [&](const std::vector<std::string>& cells, std::string_view tag) {
    std::string text = "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text += '<';
      text += tag;
      if (columns_[i].align == Align::kRight) text += " class=\"number\"";
      text += '>' + html_escaped(cells[i]) + "</";
      text += tag;
      text += '>';
    }
    return text + "</tr>\n";
  };
  std::string html = "<table>\n<thead>" + line(headers(columns_), "th") + "</thead>\n<tbody>\n";
  for (const auto& row : rows_) html += line(row, "td");
  return html + "</tbody>\n</table>\n";
}

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += is_control(c) ? ' ' : c;
    }
  }
  return escaped;
}

}  // namespace effnet::report
