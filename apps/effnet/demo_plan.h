// The plan of `make demo`, plans/demo.toml, in the program itself.
#pragma once

#include <string_view>

namespace effnet::apps {

std::string_view demo_plan_text();

}  // namespace effnet::apps
