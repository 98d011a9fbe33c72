#include "report/chart_subtitle.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/number_text.h"

namespace effnet::report {
namespace {

std::string counted(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

// "3" if all are equal, else "1 to 3".
template <class Values>
std::string range_of(const Values& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (*least == *most) return grouped_count(static_cast<double>(*least));
  return grouped_count(static_cast<double>(*least)) + " to " + grouped_count(static_cast<double>(*most));
}

std::string published_sentence(const std::vector<const ChartRow*>& rows) {
  std::vector<std::string> sources;
  for (const ChartRow* row : rows)
    if (std::find(sources.begin(), sources.end(), row->provenance) == sources.end())
      sources.push_back(row->provenance);
  std::string text = "Published: ";
  for (std::size_t i = 0; i < sources.size(); ++i) text += (i > 0 ? "; " : "") + sources[i];
  return text + ".";
}

std::string trained_sentence(const std::vector<const ChartRow*>& rows) {
  std::vector<int> seeds, epochs;
  std::vector<std::int64_t> pictures;
  bool spread = false;
  for (const ChartRow* row : rows) {
    seeds.push_back(row->seeds);
    epochs.push_back(row->epochs);
    pictures.push_back(row->train_pictures);
    spread |= row->top1_low.has_value();
  }
  const std::string most_seeds = range_of(seeds);
  std::string text = fmt::format("Trained here: {}", counted(rows.size(), "net"));
  if (*std::max_element(epochs.begin(), epochs.end()) > 0) {
    const std::string passes = range_of(epochs);
    text += fmt::format(", {} {} over {} pictures", passes, passes == "1" ? "epoch" : "epochs",
                        range_of(pictures));
  }
  text += most_seeds == "1" ? ", one seed" : fmt::format(", {} seeds", most_seeds);
  if (spread) text += "; points are means, bars run from the lowest to the highest seed";
  return text + ".";
}

}  // namespace

std::string dataset_title(std::string_view dataset) {
  if (dataset == "imagenet") return "ImageNet";
  if (dataset == "fashion-mnist") return "Fashion-MNIST";
  if (dataset == "cifar-10") return "CIFAR-10";
  if (dataset == "cifar-100") return "CIFAR-100";
  return std::string(dataset);
}

std::vector<std::string> row_sentences(const std::vector<ChartRow>& rows) {
  std::vector<const ChartRow*> published, trained;
  for (const ChartRow& row : rows)
    (row.source == RowSource::kPublished ? published : trained).push_back(&row);
  std::vector<std::string> sentences;
  if (!rows.empty())
    sentences.push_back(fmt::format("{}, top-1 of the {} set.", dataset_title(rows.front().dataset),
                                    rows.front().dataset == "imagenet" ? "validation" : "test"));
  if (!published.empty()) sentences.push_back(published_sentence(published));
  if (!trained.empty()) sentences.push_back(trained_sentence(trained));
  return sentences;
}

}  // namespace effnet::report
