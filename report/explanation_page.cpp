#include "report/explanation_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/explanation_charts.h"
#include "report/explanation_tables.h"
#include "report/explanation_words.h"

namespace effnet::report {
namespace {

constexpr const char* kHowToRead =
    "The effect of a value is what the model expects when it is put into 64 random nets of the space, "
    "against the mean of all "
    "values of its choice. The model is a Gaussian process over the choices and the cost of a net; an "
    "interval that includes 0 "
    "means that nothing is known. Costs are counted, not modelled. What was seen is a mean of the trials "
    "named beside it.";

std::string bulleted(const std::string& sentence) {
  constexpr std::size_t kWidth = 100;
  std::string text = "- ";
  std::size_t column = text.size();
  std::size_t from = 0;
  while (from < sentence.size()) {
    const std::size_t end = std::min(sentence.find(' ', from), sentence.size());
    const std::size_t length = end - from;
    if (column + length > kWidth && column > 2) {
      text.back() = '\n';
      text += "  ";
      column = 2;
    }
    text += sentence.substr(from, length) + " ";
    column += length + 1;
    from = end + 1;
  }
  text.back() = '\n';
  return text;
}

}  // namespace

Page explanation_page(const search::Explanation& why, std::string title, std::string lead) {
  Page page{std::move(title), std::move(lead), {}};
  const auto heading = [&](const char* text) { page.parts.push_back(PageHeading{text}); };
  const auto table = [&](const char* caption, TextTable rows) {
    if (!rows.rows().empty()) page.parts.push_back(PageTable{caption, std::move(rows)});
  };
  heading("In words");
  for (std::string& sentence : explanation_sentences(why))
    page.parts.push_back(PageParagraph{std::move(sentence)});
  heading("In numbers");
  table("Finalists, trained again with fresh seeds", finalists_table(why));
  table("The winner with one choice changed, the best prediction first", changes_table(why));
  page.parts.push_back(PageParagraph{kHowToRead});
  table("What each value is worth, the choice that matters most first", effects_table(why));
  table("The strongest pairs of choices", interactions_table(why));
  table("Nets that none beats in accuracy and cost", front_table(why));
  heading("In pictures");
  page.parts.push_back(PageChart{explained_regret(why), ""});
  page.parts.push_back(PageChart{explained_front(why), ""});
  page.parts.push_back(PageChart{explained_effects(why), ""});
  if (auto beliefs = explained_beliefs(why)) page.parts.push_back(PageChart{std::move(*beliefs), ""});
  return page;
}

std::string explanation_text(const search::Explanation& why) {
  std::string text;
  for (const std::string& sentence : explanation_sentences(why)) text += bulleted(sentence);
  const auto add = [&](const char* caption, const TextTable& table) {
    if (!table.rows().empty()) text += fmt::format("\n{}\n\n{}", caption, table.to_text());
  };
  add("Finalists, trained again with fresh seeds", finalists_table(why));
  add("The winner with one choice changed, the best prediction first", changes_table(why));
  add("What each value is worth, the choice that matters most first", effects_table(why));
  add("The strongest pairs of choices", interactions_table(why));
  return text;
}

}  // namespace effnet::report
