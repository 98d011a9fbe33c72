#include "spec/net_file.h"

#include <fmt/format.h>

#include <optional>

#include "spec/atomic_file.h"
#include "spec/error.h"

namespace effnet::spec {
namespace {

std::vector<Stage> read_section(const ConfigTable& table, std::string_view key, std::string_view fallback) {
  std::vector<Stage> stages;
  std::string text = table.string_or(key, fallback);
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string token = text.substr(start, end - start);
    if (!token.empty() && token != "-") stages.push_back(parse_stage(token, table.where(key)));
    start = end + 1;
  }
  return stages;
}

int small_integer(const ConfigTable& table, std::string_view key, std::optional<int> fallback = {}) {
  const std::int64_t value = fallback ? table.integer_or(key, *fallback) : table.integer(key);
  if (value < 0 || value > 1'000'000)
    throw table.error(key, fmt::format("{} is outside 0 .. 1000000", value));
  return static_cast<int>(value);
}

template <class E>
E one_of(const ConfigTable& table, std::string_view key, E fallback,
         std::initializer_list<std::pair<const char*, E>> words) {
  if (!table.has(key)) return fallback;
  const std::string text = table.string(key);
  std::string known;
  for (const auto& [word, value] : words) {
    if (text == word) return value;
    known += fmt::format("{}'{}'", known.empty() ? "" : " or ", word);
  }
  throw table.error(key, fmt::format("'{}' is unknown; {} is expected", text, known));
}

Stage read_stage(const ConfigTable& table) {
  Stage stage;
  stage.op = parse_op(table.string("op"), table.where("op"));
  const bool inverted = stage.op == Op::kMBConv || stage.op == Op::kFused;
  stage.kernel = small_integer(table, "kernel", stage.op == Op::kIdentity ? 1 : 3);
  stage.stride = small_integer(table, "stride", 1);
  stage.repeats = small_integer(table, "repeats", 1);
  if (stage.op != Op::kMaxPool) stage.channels = small_integer(table, "channels");
  if (inverted) {
    stage.expand_ratio = table.number_or("expand", 1);
    stage.se_ratio = table.number_or("se", 0);
    stage.skip = table.boolean_or("skip", true);
  }
  if (stage.op == Op::kBottleneck) {
    stage.groups = small_integer(table, "groups", 1);
    stage.mid_channels = small_integer(table, "middle");
  }
  return stage;
}

std::string stage_toml(const Stage& stage) {
  std::string text = fmt::format("[[stage]]\nop = \"{}\"\nkernel = {}\nstride = {}\n", to_text(stage.op),
                                 stage.kernel, stage.stride);
  if (stage.op != Op::kMaxPool) text += fmt::format("channels = {}\n", stage.channels);
  text += fmt::format("repeats = {}\n", stage.repeats);
  if (stage.op == Op::kMBConv || stage.op == Op::kFused) {
    text += fmt::format("expand = {}\nse = {}\n", stage.expand_ratio, stage.se_ratio);
    if (!stage.skip) text += "skip = false\n";
  }
  if (stage.op == Op::kBottleneck)
    text += fmt::format("middle = {}\ngroups = {}\n", stage.mid_channels, stage.groups);
  return text;
}

std::string section_text(const std::vector<Stage>& stages) {
  std::string text;
  for (const Stage& stage : stages) text += (text.empty() ? "" : " ") + to_text(stage);
  return text.empty() ? "-" : text;
}

}  // namespace

ArchSpec read_skeleton(const ConfigTable& skeleton) {
  ArchSpec arch;
  arch.resolution = small_integer(skeleton, "input", arch.resolution);
  arch.input_channels = small_integer(skeleton, "channels", arch.input_channels);
  arch.classes = small_integer(skeleton, "classes", arch.classes);
  arch.stem = read_section(skeleton, "stem", "-");
  arch.head = read_section(skeleton, "head", "-");
  arch.activation = parse_activation(skeleton.string_or("activation", "silu"), skeleton.where("activation"));
  arch.padding = one_of(skeleton, "padding", arch.padding,
                        {{"same", Padding::kSame}, {"symmetric", Padding::kSymmetric}});
  arch.bn_eps = skeleton.number_or("bn_eps", arch.bn_eps);
  arch.squeeze_base = one_of(skeleton, "se_of", arch.squeeze_base,
                             {{"input", SqueezeBase::kInput}, {"expanded", SqueezeBase::kExpanded}});
  arch.channel_divisor = small_integer(skeleton, "divisor", arch.channel_divisor);
  arch.fixed_ends = skeleton.boolean_or("fixed_ends", arch.fixed_ends);
  return arch;
}

NamedNet read_net(const std::filesystem::path& file) {
  return parse_net(read_file(file), file.string());
}

NamedNet parse_net(std::string_view toml, std::string_view where) {
  const ConfigTable table = ConfigTable::parse(toml, where);
  if (const auto format = table.integer_or("format", ArchSpec::kFormat); format != ArchSpec::kFormat) {
    throw table.error(
        "format", fmt::format("version {} is not known; this program reads {}", format, ArchSpec::kFormat),
        "use the program version that wrote the file");
  }
  NamedNet net;
  net.name = table.string("name");
  if (net.name.empty() || net.name.find_first_of("/\n\r\t") != std::string::npos || net.name == "..")
    throw table.error("name", fmt::format("{} is no name for a net", toml_string(net.name)),
                      "files are called after it, so no '/' may be in it");
  net.arch = read_skeleton(table.table("skeleton"));
  for (const ConfigTable& stage : table.tables("stage")) net.arch.stages.push_back(read_stage(stage));
  table.reject_unknown_keys();
  check(net.arch, where);
  return net;
}

std::string net_toml(const NamedNet& net) {
  const ArchSpec& arch = net.arch;
  std::string text = fmt::format("# {}\nformat = {}\nname = {}\n\n", to_text(arch), ArchSpec::kFormat,
                                 toml_string(net.name));
  text += fmt::format(
      "[skeleton]\ninput = {}\nchannels = {}\nclasses = {}\nstem = \"{}\"\nhead = \"{}\"\nactivation = "
      "\"{}\"\n",
      arch.resolution, arch.input_channels, arch.classes, section_text(arch.stem), section_text(arch.head),
      to_text(arch.activation));
  text += fmt::format("padding = \"{}\"\nbn_eps = {}\nse_of = \"{}\"\ndivisor = {}\nfixed_ends = {}\n",
                      arch.padding == Padding::kSame ? "same" : "symmetric", arch.bn_eps,
                      arch.squeeze_base == SqueezeBase::kInput ? "input" : "expanded", arch.channel_divisor,
                      arch.fixed_ends);
  for (const Stage& stage : arch.stages) text += "\n" + stage_toml(stage);
  return text;
}

}  // namespace effnet::spec
