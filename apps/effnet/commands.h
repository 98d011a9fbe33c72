// The commands of `effnet`, one source file each.
#pragma once

namespace CLI {
class App;
}

namespace effnet::apps {

void add_auto(CLI::App& program);
void add_bench(CLI::App& program);
void add_bench_floors(CLI::App& bench);  // of the command bench, as are the next three
void add_bench_latency(CLI::App& bench);
void add_bench_regret(CLI::App& bench);
void add_bench_search(CLI::App& bench);
void add_chart(CLI::App& program);
void add_describe(CLI::App& program);
void add_doctor(CLI::App& program);
void add_explain(CLI::App& program);
void add_fit(CLI::App& program);
void add_scale(CLI::App& program);
void add_search(CLI::App& program);
void add_space(CLI::App& program);
void add_study(CLI::App& program);
void add_worker(CLI::App& program);
void add_train(CLI::App& program);

}  // namespace effnet::apps
