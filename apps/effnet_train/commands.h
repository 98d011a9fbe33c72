// The commands of `effnet-train`, one source file each.
#pragma once

namespace CLI {
class App;
}

namespace effnet::apps {

void add_train(CLI::App& program);
void add_serve(CLI::App& program);
void add_measure(CLI::App& program);
void add_data(CLI::App& program);

}  // namespace effnet::apps
