#include "apps/effnet/front_result.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/effnet/study_front.h"
#include "report/front_text.h"

namespace effnet::apps {
namespace {

using Json = nlohmann::ordered_json;

std::vector<spec::CostKind> costs_of(const search::FoundFront& front) {
  std::vector<spec::CostKind> costs;
  for (const search::CostRange& range : front.scale.costs) costs.push_back(range.cost);
  return costs;
}

}  // namespace

std::string found_front_text(const search::FoundFront& front) {
  std::vector<report::FrontRow> rows;
  for (const search::FoundFront::Net& net : front.nets)
    rows.push_back({net.trial, net.searched ? "search" : "random arm"});
  std::string text =
      fmt::format("The front, {} net{} that no other of both arms beats:\n\n{}", rows.size(),
                  rows.size() == 1 ? "" : "s", report::front_rows(rows, costs_of(front)).to_text());
  text += fmt::format("\nHypervolume of the search's front {:.4f}", front.hypervolume);
  if (front.arms) {
    const auto& [trials, search, random] = *front.arms;
    const char* verdict = search > random ? "beat" : search < random ? "did not beat" : "tied with";
    text += fmt::format(". After {} trials of each the search {} the random arm: {:.4f} against {:.4f}",
                        trials, verdict, search, random);
  }
  return text + fmt::format(".\nReference point: {}.\n", report::reference_text(front.scale));
}

std::string found_front_json(const search::FoundFront& front) {
  Json json{{"nets", Json::array()}};
  for (const search::FoundFront::Net& net : front.nets) {
    Json row = Json::parse(front_net_json(net.trial));
    row["arm"] = net.searched ? "search" : "random";
    json["nets"].push_back(std::move(row));
  }
  json["hypervolume"] = front.hypervolume;
  if (front.arms) {
    json["equal_trials"] = {
        {"trials", front.arms->trials}, {"search", front.arms->search}, {"random", front.arms->random}};
  }
  json["reference"] = Json::parse(reference_json(front.scale));
  return json.dump();
}

}  // namespace effnet::apps
