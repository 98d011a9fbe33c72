# Well-kept libraries, each behind one small target; all includes are SYSTEM. fmt is header-only everywhere, because
# the torch wheel ships other fmt headers than the system's library (docs/decisions/0001-torch-wheel.md).
include(FindPackageHandleStandardArgs)

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(OpenCV 4 REQUIRED COMPONENTS core imgproc imgcodecs)
find_package(SQLiteCpp REQUIRED)

find_path(EFFNET_FMT_INCLUDE fmt/format.h REQUIRED)
find_path(EFFNET_TOML_INCLUDE toml++/toml.h REQUIRED)
find_path(EFFNET_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

add_library(effnet_fmt INTERFACE)
target_compile_definitions(effnet_fmt INTERFACE FMT_HEADER_ONLY=1)
add_library(effnet_toml INTERFACE)
target_compile_definitions(effnet_toml INTERFACE TOML_HEADER_ONLY=1)
set_property(GLOBAL APPEND PROPERTY EFFNET_LIBRARIES effnet_fmt)

# Statically registered crash handlers and the like are nobody's: only headers and the three image modules.
add_library(effnet_opencv INTERFACE)
target_include_directories(effnet_opencv SYSTEM INTERFACE ${OpenCV_INCLUDE_DIRS})
target_link_libraries(effnet_opencv INTERFACE opencv_core opencv_imgproc opencv_imgcodecs)
