// The published families: which multipliers make B1..B8 and L2 of B0, and Lite1..4 of Lite0 (tensorflow/tpu
// efficientnet_builder.py, lite/efficientnet_lite_builder.py). The variant's index is not phi.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scaling/compound_rule.h"
#include "spec/net_file.h"

namespace effnet::scaling {

struct FamilyMember {
  std::string_view name;
  std::string_view baseline;
  double width, depth;
  int resolution;
  double dropout;  // before the classifier, in the published recipe
};

std::span<const FamilyMember> published_family();

spec::ArchSpec member_arch(const FamilyMember& member);

// A published net of any size by name ("b0", "efficientnet-b0", "lite2", "resnet-50", "resnet50", ...).
// Error{kUsage} with a suggestion for an unknown name.
spec::NamedNet find_net(std::string_view name);

std::vector<std::string> net_names();

}  // namespace effnet::scaling
