# cmake -DBUILD=<build folder> -DSOURCE=<this folder> -DSCRATCH=<folder> -DGENERATOR=... -DCOMPILER=... -P install_and_use.cmake
# Installs the package and four libraries into a scratch prefix, builds the consumer against it and reads what it prints.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed: ${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
foreach(component IN ITEMS package spec scaling kernels cpu)
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix --component ${component})
endforeach()
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${SCRATCH}/build -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix)
run(${CMAKE_COMMAND} --build ${SCRATCH}/build)
run(${SCRATCH}/build/count)
file(REMOVE_RECURSE ${SCRATCH})
if(NOT output MATCHES "5288548 [0-9]+ (avx512|avx2|portable)\n$")
  message(FATAL_ERROR "the consumer printed '${output}', not B0's 5288548 parameters and an instruction set")
endif()
