// The commands of effnet-bench, one file each.
#pragma once

namespace CLI {
class App;
}

namespace effnet::apps {

void add_bench_train(CLI::App& program);
void add_bench_infer(CLI::App& program);
void add_bench_latency(CLI::App& program);
void add_bench_kernels(CLI::App& program);
void add_bench_cuda_kernels(CLI::App& program);

}  // namespace effnet::apps
