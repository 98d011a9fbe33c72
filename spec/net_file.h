// A net as a TOML file: name, [skeleton], one [[stage]] table a stage. A search space is the same form with
// lists where there is a choice, so the readers of its parts are public.
#pragma once

#include <filesystem>
#include <string>

#include "spec/arch_spec.h"
#include "spec/config_table.h"

namespace effnet::spec {

struct NamedNet {
  std::string name;
  ArchSpec arch;
};

NamedNet read_net(const std::filesystem::path& file);
NamedNet parse_net(std::string_view toml, std::string_view where);
std::string net_toml(const NamedNet& net);

// [skeleton]: input, channels, classes, stem, head, activation, padding, bn_eps, se_of, divisor, fixed_ends.
// Everything of an ArchSpec but its stages.
ArchSpec read_skeleton(const ConfigTable& skeleton);

}  // namespace effnet::spec
