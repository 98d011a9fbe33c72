# cmake --install: programs, static libraries, headers, the operator library for Python, and the CMake package
#   find_package(effnet CONFIG [COMPONENTS scaling ...])  -> effnet::spec, effnet::scaling, ...
# Each library is an install component of its own (with its headers and targets file), so that
#   cmake --install build --component scaling   takes one of them.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/effnet)
set(effnet_components "")
set(effnet_needs "")
get_property(folders GLOBAL PROPERTY EFFNET_FOLDERS)
foreach(folder IN LISTS folders)
  set(target effnet_${folder})
  get_target_property(beside ${target} EFFNET_BESIDE)  # libraries of the same folder that others link through it
  if(NOT beside)
    set(beside "")
  endif()
  install(TARGETS ${target} ${beside} EXPORT effnet-${folder} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${folder})
  install(EXPORT effnet-${folder} NAMESPACE effnet:: FILE effnet-${folder}-targets.cmake
          DESTINATION ${package_dir} COMPONENT ${folder})

  get_target_property(source_dir ${target} SOURCE_DIR)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${source_dir}/*.h)
  foreach(header IN LISTS headers)
    get_filename_component(header_dir ${header} DIRECTORY)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/effnet/${header_dir} COMPONENT ${folder})
  endforeach()

  # What the package must find before this library's targets can be read: our own libraries and the system's.
  get_target_property(linked ${target} LINK_LIBRARIES)
  string(REGEX MATCHALL "effnet(_|::)[a-z]+|SQLiteCpp|ZLIB::ZLIB|LibLZMA::LibLZMA|Threads::Threads" needs "${linked}")
  list(TRANSFORM needs REPLACE "^effnet(_|::)" "")
  list(TRANSFORM needs REPLACE "::.*" "")
  list(REMOVE_ITEM needs fmt toml warnings ${folder})
  list(REMOVE_DUPLICATES needs)
  list(APPEND effnet_components ${folder})
  string(APPEND effnet_needs "set(effnet_${folder}_needs \"${needs}\")\n")
endforeach()

configure_package_config_file(cmake/effnet-config.cmake.in ${PROJECT_BINARY_DIR}/effnet-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/effnet-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/effnet-config.cmake ${PROJECT_BINARY_DIR}/effnet-config-version.cmake
              cmake/EffnetOpenCV.cmake cmake/EffnetPostgres.cmake cmake/EffnetTorch.cmake
              cmake/EffnetSanitize.cmake
        DESTINATION ${package_dir} COMPONENT package)

# LibTorch's folder by name: INSTALL_RPATH_USE_LINK_PATH leaves out what lies in the source folder, as .venv does.
foreach(program IN ITEMS effnet effnet-train effnet-bench)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES
                          INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${EFFNET_TORCH_LIBRARY_DIR}"
                          INSTALL_RPATH_USE_LINK_PATH ON)
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endif()
endforeach()
if(TARGET effnet_operator_library)
  install(TARGETS effnet_operator_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT operators)
endif()
install(FILES LICENSE NOTICE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)
