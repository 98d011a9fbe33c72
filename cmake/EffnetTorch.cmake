# LibTorch as the torch wheel ships it, by own IMPORTED targets: find_package(Torch) rewrites CUDA settings of the
# whole project and wants a toolkit even for CPU use (docs/decisions/0001-torch-wheel.md).
#   effnet_torch   headers, libtorch_cpu, libc10; with EFFNET_WITH_CUDA also libtorch_cuda, libc10_cuda
# Also installed: the CMake package runs it again for who links effnet::models or effnet::training, and then tries
# EFFNET_TORCH_HINT, the LibTorch that the libraries were built with.
set(EFFNET_TORCH_ROOT "" CACHE PATH "The torch folder of the wheel; found in .venv or by python3 when empty")

set(torch_root "${EFFNET_TORCH_ROOT}")
if(NOT torch_root AND EXISTS "${EFFNET_TORCH_HINT}/lib/libtorch_cpu.so")
  set(torch_root "${EFFNET_TORCH_HINT}")
endif()
if(NOT torch_root)
  foreach(python "${PROJECT_SOURCE_DIR}/.venv/bin/python" python3)
    execute_process(
      COMMAND "${python}" -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
      OUTPUT_VARIABLE torch_root OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed)
      break()
    endif()
    set(torch_root "")
  endforeach()
endif()
if(NOT EXISTS "${torch_root}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch was not found. Run scripts/setup.sh, or give -DEFFNET_TORCH_ROOT=<site-packages>/torch, "
                      "or build without training by -DEFFNET_WITH_TORCH=OFF.")
endif()
set(EFFNET_TORCH_VERSION "")
foreach(part MAJOR MINOR PATCH)
  file(STRINGS "${torch_root}/include/torch/headeronly/version.h" line REGEX "#define TORCH_VERSION_${part} ")
  string(REGEX MATCH "[0-9]+" number "${line}")
  string(APPEND EFFNET_TORCH_VERSION "${number}.")
endforeach()
string(REGEX REPLACE "\\.$" "" EFFNET_TORCH_VERSION "${EFFNET_TORCH_VERSION}")
if(EFFNET_TORCH_VERSION VERSION_LESS 2.11)
  message(FATAL_ERROR "LibTorch ${EFFNET_TORCH_VERSION} in ${torch_root} is too old: 2.11 or later is needed.")
elseif(EFFNET_TORCH_VERSION VERSION_GREATER_EQUAL 2.16)
  message(WARNING "LibTorch ${EFFNET_TORCH_VERSION} has not been tried; 2.11.0 is what the project is tested with.")
endif()
message(STATUS "LibTorch ${EFFNET_TORCH_VERSION}: ${torch_root}")

if(NOT TARGET effnet_torch)
  add_library(effnet_torch INTERFACE IMPORTED GLOBAL)
  target_include_directories(effnet_torch INTERFACE "${torch_root}/include"
                                                    "${torch_root}/include/torch/csrc/api/include")
  target_compile_definitions(effnet_torch INTERFACE FMT_HEADER_ONLY=1)
  # at::parallel_for is a header's: without OpenMP it is a plain loop. The runtime is the wheel's own, never a second one.
  target_compile_options(effnet_torch INTERFACE -fopenmp)
  if(EFFNET_WITH_CUDA)
    # Nothing refers to them by name: they register their kernels when they are loaded.
    set(cuda_libraries "${torch_root}/lib/libtorch_cuda.so,${torch_root}/lib/libc10_cuda.so")
    target_link_options(effnet_torch INTERFACE "LINKER:--no-as-needed,${cuda_libraries},--as-needed")
  endif()
  target_link_libraries(effnet_torch INTERFACE "${torch_root}/lib/libtorch_cpu.so" "${torch_root}/lib/libc10.so"
                                               "${torch_root}/lib/libgomp.so.1")
endif()
set(EFFNET_TORCH_LIBRARY_DIR "${torch_root}/lib")

# effnet_use_torch(<target>): links LibTorch and takes the one precompiled header (ops/pch.cpp), because
# <torch/torch.h> alone costs 20 s a translation unit.
function(effnet_use_torch target)
  target_link_libraries(${target} PUBLIC effnet_torch)
  target_precompile_headers(${target} REUSE_FROM effnet_torch_pch)
  effnet_take_torch_flags(${target})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)
    effnet_sanitizer_options(${target} LEAKS_ARE_NOT_OURS)
  endif()
endfunction()

# A precompiled header is only taken by translation units with the same code generation: -fPIC for programs too.
# -fpch-preprocess lets ccache see through it.
function(effnet_take_torch_flags target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()
