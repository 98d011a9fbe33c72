#include "apps/net_argument.h"

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

spec::ArchSpec with_stem_stride(spec::ArchSpec arch, int stride) {
  if (arch.stem.empty()) throw spec::Error(spec::ErrorKind::kUsage, "--stem-stride", "this net has no stem");
  arch.stem.front().stride = stride;
  spec::check(arch, "--stem-stride");
  return arch;
}

}  // namespace effnet::apps
