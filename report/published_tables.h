// The CSV files of report/published/ as the build compiled them in (published_tables.cpp.in).
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace effnet::report {

// (file name without .csv, content), sorted by name.
std::span<const std::pair<std::string_view, std::string_view>> published_csv_files();

}  // namespace effnet::report
