// Networks that were designed and published by others, at their base size, as canonical texts with their
// source. The scaled members of their families are in scaling/families.h.
#pragma once

#include <span>
#include <string_view>

namespace effnet::spec {

struct PublishedNet {
  std::string_view name;
  std::string_view arch;  // canonical text
  std::string_view source;
};

std::span<const PublishedNet> published_nets();

}  // namespace effnet::spec
