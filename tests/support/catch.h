// Catch2 v3 or v2, whichever the system has; only what both know is used.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
namespace Catch {
using Detail::Approx;  // where v3 has it
}
#endif
