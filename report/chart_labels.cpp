#include "report/chart_labels.h"

#include <cassert>
#include <nlohmann/json.hpp>

#include "report/chart_style.h"

namespace effnet::report {
namespace {

using Json = nlohmann::ordered_json;

Json pixels(const char* field) {
  return {{"field", field}, {"type", "quantitative"}, {"scale", nullptr}, {"axis", nullptr}};
}

Json from_row(const char* field) {
  return {{"expr", std::string("datum.") + field}};
}

}  // namespace

std::string label_layers(const std::vector<PlacedLabel>& placed, const std::vector<LabelText>& texts) {
  assert(placed.size() == texts.size());
  static constexpr const char* kAligns[] = {"left", "center", "right"};
  Json labels = Json::array(), leaders = Json::array();
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const PlacedLabel& label = placed[i];
    if (!label.shown) continue;
    labels.push_back({{"px", label.x},
                      {"py", label.y},
                      {"text", texts[i].text},
                      {"align", kAligns[static_cast<int>(label.anchor)]},
                      {"colour", texts[i].colour},
                      {"weight", texts[i].bold ? "bold" : "normal"}});
    if (!label.has_leader) continue;
    leaders.push_back({{"px", label.leader.x0},
                       {"py", label.leader.y0},
                       {"px2", label.leader.x1},
                       {"py2", label.leader.y1}});
  }
  Json text{{"type", "text"},
            {"baseline", "middle"},
            {"fontSize", kLabelSize},
            {"align", from_row("align")},
            {"fontWeight", from_row("weight")},
            {"fill", from_row("colour")}};
  Json halo = text;
  halo.update({{"fill", "white"}, {"stroke", "white"}, {"strokeWidth", 3}, {"strokeOpacity", 0.8}});
  const Json at{{"x", pixels("px")}, {"y", pixels("py")}, {"text", {{"field", "text"}, {"type", "nominal"}}}};
  const Json rows{{"values", labels}};
  return Json::array({{{"data", {{"values", leaders}}},
                       {"mark", {{"type", "rule"}, {"stroke", "#9a9a9a"}, {"strokeWidth", 0.8}}},
                       {"encoding",
                        {{"x", pixels("px")},
                         {"y", pixels("py")},
                         {"x2", {{"field", "px2"}}},
                         {"y2", {{"field", "py2"}}}}}},
                      {{"data", rows}, {"mark", halo}, {"encoding", at}},
                      {{"data", rows}, {"mark", text}, {"encoding", at}}})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace effnet::report
