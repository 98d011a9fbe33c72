#include "spec/run_record.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "spec/csv_field.h"
#include "spec/error.h"

namespace effnet::spec {
namespace {

using Json = nlohmann::ordered_json;

// One listing of the plain fields; arch and recipe have forms of their own.
template <class Self, class Visit>
void for_each_plain_field(Self& r, Visit&& visit) {
  visit("run", r.run);
  visit("name", r.name);
  visit("group", r.group);
  visit("params", r.cost.params);
  visit("macs", r.cost.macs);
  visit("activations", r.cost.activations);
  visit("bn_buffers", r.cost.bn_buffers);
  visit("dataset", r.dataset);
  visit("fingerprint", r.fingerprint);
  visit("train_pictures", r.train_pictures);
  visit("holdout_pictures", r.holdout_pictures);
  visit("test_pictures", r.test_pictures);
  visit("seed", r.seed);
  visit("threads", r.threads);
  visit("device", r.device);
  visit("versions", r.versions);
  visit("machine", r.machine);
  visit("top1", r.top1);
  visit("top5", r.top5);
  visit("class_accuracy", r.class_accuracy);
  visit("class_names", r.class_names);
  visit("holdout_top1", r.holdout_top1);
  visit("seconds", r.seconds);
}

}  // namespace

std::string run_record_json(const RunRecord& record) {
  Json json;
  json["schema"] = "effnet.run/1";
  for_each_plain_field(record, [&](const char* name, const auto& field) { json[name] = field; });
  json["arch"] = to_text(record.arch);
  json["recipe"] = Json::parse(recipe_json(record.recipe));
  return json.dump(2) + "\n";
}

RunRecord run_record_from_json(std::string_view text, std::string_view where) {
  RunRecord record;
  try {
    const Json json = Json::parse(text);
    for_each_plain_field(record, [&](const char* name, auto& field) { json.at(name).get_to(field); });
    record.arch = parse_arch(json.at("arch").get<std::string>(), where);
    record.recipe = recipe_from_json(json.at("recipe").dump(), where);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadData, where, fmt::format("is not a run record: {}", error.what()),
                "remove the file and run the training again; it goes on from its checkpoint");
  }
  return record;
}

std::string results_csv(const std::vector<RunRecord>& records) {
  std::string csv =
      "model,img_size,top1,top1_err,top5,top5_err,param_count,macs,activations,group,dataset,seed,epochs,"
      "holdout_top1,seconds,run\n";
  for (const RunRecord& r : records) {
    csv +=
        fmt::format("{},{},{:.3f},{:.3f},{:.3f},{:.3f},{},{},{},{},{},{},{},{:.3f},{:.1f},{}\n",
                    csv_field(r.name), r.arch.resolution, r.top1, 100 - r.top1, r.top5, 100 - r.top5,
                    r.cost.params, r.cost.macs, r.cost.activations, csv_field(r.group), csv_field(r.dataset),
                    r.seed, r.recipe.epochs, r.holdout_top1, r.seconds, csv_field(r.run));
  }
  return csv;
}

}  // namespace effnet::spec
