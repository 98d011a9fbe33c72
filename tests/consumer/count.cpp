// Counts EfficientNet-B0 by the public API; prints parameters and multiply-adds, and which kernels would compute it.
#include <iostream>

#include "cpu/isa.h"
#include "scaling/cost_model.h"
#include "scaling/families.h"

int main() {
  const auto net = effnet::scaling::find_net("b0");
  const auto cost = effnet::scaling::count(net.arch).total;
  std::cout << net.name << " " << cost.params << " " << cost.macs << " " << effnet::cpu::best_kernels().name
            << "\n";
}
