# Well-kept libraries, each behind one small target; all includes are SYSTEM. fmt and toml++ are header-only
# everywhere, because the torch wheel ships other fmt headers than the system's library
# (docs/decisions/0001-torch-wheel.md).
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(SQLiteCpp REQUIRED)
include(EffnetOpenCV)
include(EffnetPostgres)

find_path(EFFNET_FMT_INCLUDE fmt/format.h REQUIRED)
find_path(EFFNET_TOML_INCLUDE toml++/toml.h REQUIRED)
find_path(EFFNET_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

add_library(effnet_fmt INTERFACE IMPORTED GLOBAL)
target_include_directories(effnet_fmt INTERFACE ${EFFNET_FMT_INCLUDE})
target_compile_definitions(effnet_fmt INTERFACE FMT_HEADER_ONLY=1)

add_library(effnet_toml INTERFACE IMPORTED GLOBAL)
target_include_directories(effnet_toml INTERFACE ${EFFNET_TOML_INCLUDE})
target_compile_definitions(effnet_toml INTERFACE TOML_HEADER_ONLY=1)

# What only .cpp files include: nothing of it reaches who links an installed library.
set(EFFNET_HEADER_ONLY effnet_fmt effnet_toml nlohmann_json::nlohmann_json)
