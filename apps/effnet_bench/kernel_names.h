// What launches are called in tables: by their launchers.
#pragma once

#include "cuda/work.h"

namespace effnet::apps {

const char* kernel_name(const cuda::Work& work);

}  // namespace effnet::apps
