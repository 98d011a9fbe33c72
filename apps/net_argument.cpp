#include "apps/net_argument.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "scaling/families.h"
#include "spec/error.h"

namespace effnet::apps {

spec::NamedNet resolve_net(std::string_view net) {
  if (net.find('|') != std::string_view::npos) return {"net", spec::parse_arch(net, "NET")};
  const std::filesystem::path path(net);
  if (path.extension() == ".toml" || path.has_parent_path()) return spec::read_net(path);
  return scaling::find_net(net);
}

void add_net_changes(CLI::App& command, NetChanges& changes) {
  command.add_option("--img-size", changes.img_size, "resolution in pixels instead of the net's");
  command.add_option("--num-classes", changes.num_classes, "classes instead of the net's");
  command.add_option("--in-chans", changes.in_chans, "channels of the pictures instead of the net's");
  command.add_option("--stem-stride", changes.stem_stride,
                     "stride of the first convolution; 1 suits small pictures");
}

spec::ArchSpec changed(spec::ArchSpec arch, const NetChanges& changes) {
  if (changes.img_size != 0) arch.resolution = changes.img_size;
  if (changes.num_classes != 0) arch.classes = changes.num_classes;
  if (changes.in_chans != 0) arch.input_channels = changes.in_chans;
  if (changes.stem_stride != 0) {
    if (arch.stem.empty())
      throw spec::Error(spec::ErrorKind::kUsage, "--stem-stride", "this net has no stem");
    arch.stem.front().stride = changes.stem_stride;
  }
  spec::check(arch, "flags");
  return arch;
}

}  // namespace effnet::apps
