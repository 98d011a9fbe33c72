// What a chart must say about its rows in words: data set, where published numbers come from, what was
// trained here, on how many seeds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/chart_row.h"

namespace effnet::report {

std::string dataset_title(std::string_view dataset);  // "imagenet" -> "ImageNet"

// One sentence a line; rows are all of one data set.
std::vector<std::string> row_sentences(const std::vector<ChartRow>& rows);

}  // namespace effnet::report
