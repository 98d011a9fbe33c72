# effnet_library(spec SOURCES a.cpp b.cpp DEPENDS ... PRIVATE_DEPENDS ...) -> target effnet_spec, alias effnet::spec
# effnet_test(spec LABEL unit SOURCES a_test.cpp DEPENDS ...)             -> program test_spec, one ctest entry a case

add_library(effnet_warnings INTERFACE)
target_compile_options(effnet_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers
                       -Wno-restrict)  # GCC 12 warns of std::string concatenation (its bug 105651)

function(effnet_library folder)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  set(target effnet_${folder})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(effnet::${folder} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${folder})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/effnet>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  foreach(library IN LISTS arg_PRIVATE_DEPENDS)
    if(library IN_LIST EFFNET_HEADER_ONLY)
      set(library "$<BUILD_INTERFACE:${library}>")
    endif()
    target_link_libraries(${target} PRIVATE ${library})
  endforeach()
  target_link_libraries(${target} PUBLIC ${arg_DEPENDS} PRIVATE $<BUILD_INTERFACE:effnet_warnings>)
  set_property(GLOBAL APPEND PROPERTY EFFNET_FOLDERS ${folder})
endfunction()

function(effnet_test folder)
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  set(target test_${folder})
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE effnet_catch_main effnet_warnings ${arg_DEPENDS})
  target_compile_definitions(${target} PRIVATE EFFNET_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  effnet_sanitizer_options(${target})
  if(arg_LABEL STREQUAL torch)
    effnet_use_torch(${target})  # its precompiled header fixes the flags
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)  # tests are compiled more often than run
  endif()
  # Tests run beside each other: threads of two programs that spin for one core take a time slice at each loop. Cases that
  # are about threads set their number.
  catch_discover_tests(${target} TEST_PREFIX "${folder}: "
                       PROPERTIES LABELS ${arg_LABEL} TIMEOUT 300 ENVIRONMENT OMP_NUM_THREADS=1)
endfunction()
