#include "scaling/families.h"

#include <fmt/format.h>

#include <array>
#include <cctype>

#include "spec/error.h"
#include "spec/published_nets.h"
#include "spec/suggestion.h"

namespace effnet::scaling {
namespace {

constexpr std::array<FamilyMember, 14> kMembers{{
    {"b0", "b0", 1.0, 1.0, 224, 0.2},
    {"b1", "b0", 1.0, 1.1, 240, 0.2},
    {"b2", "b0", 1.1, 1.2, 260, 0.3},
    {"b3", "b0", 1.2, 1.4, 300, 0.3},
    {"b4", "b0", 1.4, 1.8, 380, 0.4},
    {"b5", "b0", 1.6, 2.2, 456, 0.4},
    {"b6", "b0", 1.8, 2.6, 528, 0.5},
    {"b7", "b0", 2.0, 3.1, 600, 0.5},
    {"b8", "b0", 2.2, 3.6, 672, 0.5},
    {"l2", "b0", 4.3, 5.3, 800, 0.5},
    {"lite1", "lite0", 1.0, 1.1, 240, 0.2},
    {"lite2", "lite0", 1.1, 1.2, 260, 0.3},
    {"lite3", "lite0", 1.2, 1.4, 280, 0.3},
    {"lite4", "lite0", 1.4, 1.8, 300, 0.3},
}};

const spec::PublishedNet* find_base(std::string_view name) {
  for (const spec::PublishedNet& net : spec::published_nets()) {
    if (net.name == name) return &net;
  }
  return nullptr;
}

// "EfficientNet_B0" -> "b0", "resnet50" -> "resnet-50": letters and digits only are compared.
std::string folded(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  constexpr std::string_view kPrefix = "efficientnet";
  if (letters.starts_with(kPrefix) && letters.size() > kPrefix.size()) letters.erase(0, kPrefix.size());
  return letters;
}

}  // namespace

std::span<const FamilyMember> published_family() {
  return kMembers;
}

spec::ArchSpec member_arch(const FamilyMember& member) {
  const spec::ArchSpec baseline = spec::parse_arch(find_base(member.baseline)->arch, member.baseline);
  spec::ArchSpec arch = scale(baseline, {.depth = member.depth, .width = member.width});
  arch.resolution = member.resolution;
  return arch;
}

spec::NamedNet find_net(std::string_view name) {
  const std::string wanted = folded(name);
  for (const FamilyMember& member : kMembers) {
    if (folded(member.name) == wanted) return {std::string(member.name), member_arch(member)};
  }
  for (const spec::PublishedNet& net : spec::published_nets()) {
    if (folded(net.name) == wanted) return {std::string(net.name), spec::parse_arch(net.arch, net.name)};
  }
  throw spec::Error(spec::ErrorKind::kUsage, "", fmt::format("no published net is called '{}'", name),
                    spec::did_you_mean(name, net_names()) + " Or give a net file (.toml).");
}

std::vector<std::string> net_names() {
  std::vector<std::string> names;
  for (const FamilyMember& member : kMembers) names.emplace_back(member.name);
  for (const spec::PublishedNet& net : spec::published_nets()) {
    if (net.name != "b0") names.emplace_back(net.name);
  }
  return names;
}

}  // namespace effnet::scaling
