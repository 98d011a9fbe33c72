// Measured times of parts of nets (scaling/net_parts.h), and by them what a net takes: their sum. As a part of a space file:
//
//   [latency]
//   measured = "AMD EPYC 9B45, 1 thread, 1 picture"   # on what; free text
//   [latency.ns]                                      # nanoseconds a picture
//   "conv_k3_s1_c16 @1x20" = 7314
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scaling/net_parts.h"
#include "spec/arch_spec.h"
#include "spec/config_table.h"

namespace effnet::scaling {

class LatencyTable {
 public:
  // Of the table [latency]; kUsage with file:line for a time that is no number or below 0, and for an empty table.
  static LatencyTable read(const spec::ConfigTable& latency);

  const std::string& measured() const { return measured_; }
  std::size_t parts() const { return nanoseconds_.size(); }

  // Of parts, and of a whole net. Error{kUsage} names one that was not measured.
  std::int64_t of_blocks(const std::vector<std::string>& texts) const;
  std::int64_t of_tail(int classes, const MapShape& map) const;
  std::int64_t of(const spec::ArchSpec& arch) const;

 private:
  std::int64_t of_part(const std::string& part) const;

  std::string where_, measured_;
  std::unordered_map<std::string, std::int64_t> nanoseconds_;
};

}  // namespace effnet::scaling
