// Counts EfficientNet-B0 by the public API; prints parameters and multiply-adds.
#include <iostream>

#include "scaling/cost_model.h"
#include "scaling/families.h"

int main() {
  const auto net = effnet::scaling::find_net("b0");
  const auto cost = effnet::scaling::count(net.arch).total;
  std::cout << net.name << " " << cost.params << " " << cost.macs << "\n";
}
