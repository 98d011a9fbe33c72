# nvcc, where there is one: EFFNET_NVCC says so. Without it the kernels are compiled for the emulator alone.
# effnet_cuda_library(<target> SOURCES a.cu ... DEPENDS ...): compiled for EFFNET_CUDA_ARCHS; what ptxas says of each
# kernel is kept beside its object as <object>.ptxas.
option(EFFNET_CUDA_KERNELS "Compile the CUDA kernels with nvcc where it is found" ON)
set(EFFNET_CUDA_ARCHS "80-real;90a-real;90-virtual" CACHE STRING "What nvcc compiles for")

set(EFFNET_NVCC OFF)
set(why "no nvcc was found")
if(NOT EFFNET_CUDA_KERNELS)
  set(why "EFFNET_CUDA_KERNELS is OFF")
elseif(EFFNET_SANITIZE)
  set(why "nvcc knows no sanitizers")
else()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_ARCHITECTURES ${EFFNET_CUDA_ARCHS})
    enable_language(CUDA)
    if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12)  # the first that knows C++20 and sm_90a
      set(why "nvcc ${CMAKE_CUDA_COMPILER_VERSION} is older than 12")
    else()
      find_package(CUDAToolkit REQUIRED)
      set(EFFNET_NVCC ON)
    endif()
  endif()
endif()
if(EFFNET_NVCC)
  message(STATUS "CUDA kernels: nvcc ${CMAKE_CUDA_COMPILER_VERSION} for ${EFFNET_CUDA_ARCHS}")
else()
  message(STATUS "CUDA kernels: for the emulator of the tests alone (${why})")
endif()

# CMake 3.25.1 does not know nvcc's -std=c++20 and would leave the standard out without a word.
if(EFFNET_NVCC AND NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
  list(APPEND CMAKE_CUDA_COMPILE_FEATURES cuda_std_20)
  set(CMAKE_CUDA20_COMPILE_FEATURES cuda_std_20)
endif()

function(effnet_cuda_library target)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS})
  set_target_properties(${target} PROPERTIES CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON CUDA_RUNTIME_LIBRARY Shared
                        CUDA_COMPILER_LAUNCHER "${PROJECT_SOURCE_DIR}/cmake/keep_ptxas_report.sh;${EFFNET_CCACHE}")
  # The plan's functions are constexpr and called on both sides.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr;-Xptxas=-v>)
endfunction()
