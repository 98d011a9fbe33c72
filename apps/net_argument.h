// What a command means by NET: a published name, a net file, or a canonical text.
#pragma once

#include <string_view>

#include "spec/net_file.h"

namespace effnet::apps {

// "b0", "runs/demo/baseline.toml" or "conv_k3_s2_c32 | ... ". Error{kUsage} with a suggestion otherwise.
spec::NamedNet resolve_net(std::string_view net);

// The stride of the first convolution replaced: small pictures keep a larger map.
spec::ArchSpec with_stem_stride(spec::ArchSpec arch, int stride);

}  // namespace effnet::apps
