// What a command means by NET (a published name, a net file, or a canonical text), and the flags that change
// it.
#pragma once

#include <string_view>

#include "spec/net_file.h"

namespace CLI {
class App;
}

namespace effnet::apps {

// "b0", "runs/demo/baseline.toml" or "conv_k3_s2_c32 | ... ". Error{kUsage} with a suggestion otherwise.
spec::NamedNet resolve_net(std::string_view net);

// --img-size, --num-classes, --in-chans, --stem-stride; 0 keeps what the net says.
struct NetChanges {
  int img_size = 0;
  int num_classes = 0;
  int in_chans = 0;
  int stem_stride = 0;  // small pictures keep a larger map
};

void add_net_changes(CLI::App& command, NetChanges& changes);
spec::ArchSpec changed(spec::ArchSpec arch, const NetChanges& changes);

}  // namespace effnet::apps
