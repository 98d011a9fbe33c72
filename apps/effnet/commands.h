// The commands of `effnet`, one source file each.
#pragma once

namespace CLI {
class App;
}

namespace effnet::apps {

void add_describe(CLI::App& program);
void add_scale(CLI::App& program);

}  // namespace effnet::apps
