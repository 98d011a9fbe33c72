#include "report/chart_style.h"

#include <algorithm>
#include <array>

namespace effnet::report {
namespace {

struct GroupLook {
  RowGroup group;
  const char* shape;
  std::array<const char*, 4> colours;  // one series after the other
};

constexpr std::array<GroupLook, 5> kLooks{{
    {RowGroup::kFamily, "circle", {"#d55e00", "#333333", "#a06a00", "#882255"}},
    {RowGroup::kBaseline, "diamond", {"#aa4499", "#6a3d9a", "#cc79a7", "#553355"}},
    {RowGroup::kHumanDesigned, "square", {"#0072b2", "#56b4e9", "#003f7f", "#5577aa"}},
    {RowGroup::kMachineDesigned, "triangle-up", {"#009e73", "#44aa99", "#117733", "#667722"}},
    {RowGroup::kRandomArm, "triangle-down", {"#6e6e6e", "#a0a0a0", "#404040", "#8a8a8a"}},
}};

constexpr std::array<std::string_view, 8> kSeries{"#d55e00", "#0072b2", "#009e73", "#aa4499",
                                                  "#e69f00", "#56b4e9", "#6e6e6e", "#882255"};

constexpr std::array<ArmLook, 4> kArms{
    {{"#d55e00", "circle"}, {"#6e6e6e", "triangle-down"}, {"#0072b2", "square"}, {"#009e73", "triangle-up"}}};

std::vector<const ChartRow*> trained_first(const std::vector<ChartRow>& rows) {
  std::vector<const ChartRow*> order;
  for (const ChartRow& row : rows) order.push_back(&row);
  std::stable_sort(order.begin(), order.end(), [](const ChartRow* a, const ChartRow* b) {
    return a->source == RowSource::kTrainedHere && b->source != RowSource::kTrainedHere;
  });
  return order;
}

}  // namespace

std::vector<LegendStyle> legend_styles(const std::vector<ChartRow>& rows) {
  std::vector<LegendStyle> styles;
  for (const GroupLook& look : kLooks) {
    std::size_t in_group = 0;
    for (const ChartRow* next : trained_first(rows)) {
      const ChartRow& row = *next;
      const std::string entry = legend_entry(row);
      const bool known = std::any_of(styles.begin(), styles.end(),
                                     [&](const LegendStyle& style) { return style.entry == entry; });
      if (row.group != look.group || known) continue;
      styles.push_back({entry, look.colours[in_group++ % look.colours.size()], look.shape, look.group});
    }
  }
  return styles;
}

ArmLook arm_look(std::size_t arm) {
  return kArms[arm % kArms.size()];
}

std::string_view series_colour(std::size_t index) {
  return kSeries[index % kSeries.size()];
}

}  // namespace effnet::report
