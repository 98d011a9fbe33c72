# EFFNET_SANITIZE=ON (preset asan): everything of ours is instrumented, LibTorch is not. Containers that cross that
# border would be reported wrongly, and LibTorch keeps memory until exit, so cmake/sanitizer_options.cpp sets the
# defaults of every program; vptr checks need type information that LibTorch does not export.
if(EFFNET_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=address,undefined)
endif()

# effnet_sanitizer_options(<program> [LEAKS_ARE_NOT_OURS])
function(effnet_sanitizer_options program)
  if(EFFNET_SANITIZE)
    target_sources(${program} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/sanitizer_options.cpp)
    if("LEAKS_ARE_NOT_OURS" IN_LIST ARGN)
      target_compile_definitions(${program} PRIVATE EFFNET_LEAKS_ARE_NOT_OURS)
    endif()
  endif()
endfunction()
