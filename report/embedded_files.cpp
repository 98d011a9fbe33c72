#include "report/embedded_files.h"

// The assembler reads the files (paths come from CMakeLists.txt): no generated source, no compile time. ELF only.
#define EFFNET_EMBED(symbol, path)                                                       \
  __asm__(".pushsection .rodata.effnet_" #symbol                                         \
          ", \"a\", @progbits\n"                                                         \
          ".balign 16\n"                                                                 \
          ".globl effnet_" #symbol                                                       \
          "_begin\n"                                                                     \
          ".hidden effnet_" #symbol                                                      \
          "_begin\n"                                                                     \
          "effnet_" #symbol                                                              \
          "_begin:\n"                                                                    \
          ".incbin \"" path                                                              \
          "\"\n"                                                                         \
          ".globl effnet_" #symbol                                                       \
          "_end\n"                                                                       \
          ".hidden effnet_" #symbol                                                      \
          "_end\n"                                                                       \
          "effnet_" #symbol                                                              \
          "_end:\n"                                                                      \
          ".byte 0\n"                                                                    \
          ".popsection\n");                                                              \
  extern "C" __attribute__((visibility("hidden"))) const char effnet_##symbol##_begin[]; \
  extern "C" __attribute__((visibility("hidden"))) const char effnet_##symbol##_end[]

EFFNET_EMBED(vega_bundle, EFFNET_VEGA_BUNDLE);
EFFNET_EMBED(render_script, EFFNET_RENDER_SCRIPT);

namespace effnet::report {

std::string_view vega_bundle() {
  return {effnet_vega_bundle_begin, effnet_vega_bundle_end};
}

std::string_view render_chart_script() {
  return {effnet_render_script_begin, effnet_render_script_end};
}

}  // namespace effnet::report
