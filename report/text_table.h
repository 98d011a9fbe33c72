// A table of texts, written for a terminal (aligned columns), as CSV (RFC 4180) and as GitHub markdown.
// Cells are UTF-8; control characters in them never reach the terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace effnet::report {

enum class Align { kLeft, kRight };

struct Column {
  std::string header;
  Align align = Align::kLeft;
};

class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add_row(std::vector<std::string> cells);  // as many cells as columns (assert)
  void add_rule();                               // a line across before the next row; only on a terminal

  TextTable without_empty_columns() const;  // drops columns in which no row has anything

  std::string to_text() const;      // header, a rule, rows; no trailing spaces
  std::string to_csv() const;       // header first
  std::string to_markdown() const;  // pipes and line breaks in cells are escaped
  std::string to_html() const;      // a <table>, every cell escaped

  const std::vector<Column>& columns() const { return columns_; }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> rules_;  // indices of the rows with a rule above
};

std::string html_escaped(std::string_view text);  // & < > " ' and control characters

}  // namespace effnet::report
