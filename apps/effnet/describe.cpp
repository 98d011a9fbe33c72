// effnet describe NET: the layer table with shapes, parameters, multiply-adds and activations, exact.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/effnet/commands.h"
#include "apps/net_argument.h"
#include "report/number_text.h"
#include "report/text_table.h"
#include "scaling/cost_model.h"

namespace effnet::apps {
namespace {

struct Options {
  std::string net;
  NetChanges changes;
  bool json = false;
};

using report::grouped_count;

std::string shape(int channels, int size) {
  return fmt::format("{} x {} x {}", channels, size, size);
}

std::string table_text(const spec::NamedNet& net, const scaling::CostReport& cost) {
  report::TextTable table({{"layer"},
                           {"operation"},
                           {"input"},
                           {"output"},
                           {"params", report::Align::kRight},
                           {"MACs", report::Align::kRight},
                           {"activations", report::Align::kRight}});
  int stage = -1;
  for (const scaling::LayerCost& layer : cost.layers) {
    if (layer.stage != stage) table.add_rule();
    stage = layer.stage;
    table.add_row({layer.name, layer.operation, shape(layer.in_channels, layer.in_size),
                   shape(layer.out_channels, layer.out_size),
                   grouped_count(static_cast<double>(layer.cost.params)),
                   grouped_count(static_cast<double>(layer.cost.macs)),
                   grouped_count(static_cast<double>(layer.cost.activations))});
  }
  table.add_rule();
  table.add_row({"total", "", "", fmt::format("last map {0} x {0}", cost.last_map),
                 grouped_count(static_cast<double>(cost.total.params)),
                 grouped_count(static_cast<double>(cost.total.macs)),
                 grouped_count(static_cast<double>(cost.total.activations))});
  return fmt::format(
      "{} at {} x {} pixels\n{}\n\n{}\nMACs are multiply-adds for one picture; parameters exclude {} batch "
      "norm statistics.\n",
      net.name, net.arch.resolution, net.arch.resolution, spec::to_text(net.arch), table.to_text(),
      grouped_count(static_cast<double>(cost.total.bn_buffers)));
}

std::string json_text(const spec::NamedNet& net, const scaling::CostReport& cost) {
  nlohmann::ordered_json json;
  json["schema"] = "effnet.describe/1";
  json["name"] = net.name;
  json["arch"] = spec::to_text(net.arch);
  json["resolution"] = net.arch.resolution;
  json["params"] = cost.total.params;
  json["macs"] = cost.total.macs;
  json["activations"] = cost.total.activations;
  json["bn_buffers"] = cost.total.bn_buffers;
  json["last_map"] = cost.last_map;
  json["layers"] = nlohmann::ordered_json::array();
  for (const scaling::LayerCost& layer : cost.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"operation", layer.operation},
                              {"input", {layer.in_channels, layer.in_size, layer.in_size}},
                              {"output", {layer.out_channels, layer.out_size, layer.out_size}},
                              {"params", layer.cost.params},
                              {"macs", layer.cost.macs},
                              {"activations", layer.cost.activations}});
  }
  return json.dump(2) + "\n";
}

void run(const Options& options) {
  spec::NamedNet net = resolve_net(options.net);
  net.arch = changed(std::move(net.arch), options.changes);
  const scaling::CostReport cost = scaling::count(net.arch);
  print_result(options.json ? json_text(net, cost) : table_text(net, cost));
  if (cost.last_map == 1 && !options.json) {
    print_note(
        "note: the last map is 1 x 1 pixel; the last blocks see no neighbourhood. Try --stem-stride 1 or a "
        "larger --img-size.");
  }
}

}  // namespace

void add_describe(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "describe", "Layer table of a net: shapes, parameters, multiply-adds, activations");
  auto options = std::make_shared<Options>();
  command
      ->add_option(
          "NET", options->net,
          "published name (b0..b8, l2, lite0..4, mobilenet-v1/v2, mnasnet-a1, resnet-18..152) or net file")
      ->required();
  add_net_changes(*command, options->changes);
  command->add_flag("--json", options->json, "the same as JSON");
  command->footer(
      "Examples:\n  effnet describe b0\n  effnet describe b3 --json | jq .macs\n  effnet describe "
      "runs/demo/baseline.toml --img-size 28\n");
  command->callback([options] { run(*options); });
}

}  // namespace effnet::apps
