# headers_check: compiles each header of src alone, so that none leans on what its includer happened
# to include before it. A header that some .cpp beside it includes first is compiled so already.

file(GLOB_RECURSE headers RELATIVE ${CMAKE_SOURCE_DIR}/src CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/src/*.h)
set(units "")
foreach(header IN LISTS headers)
  string(REGEX REPLACE "\\.h$" ".cpp" source ${CMAKE_SOURCE_DIR}/src/${header})
  if(EXISTS ${source})
    file(STRINGS ${source} first LIMIT_COUNT 1 REGEX "^#include")
    cmake_path(GET header FILENAME file)
    if(first MATCHES "[\"/]${file}\"$")
      continue()
    endif()
  endif()
  string(REGEX REPLACE "[/.]" "_" name ${header})
  set(unit ${CMAKE_BINARY_DIR}/headers_check/${name}.cpp)
  file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"sluice/${header}\"\n")
  list(APPEND units ${unit})
endforeach()
add_library(headers_check OBJECT ${units})
target_link_libraries(headers_check PRIVATE sluice_flags)
# Whether they compile is all that is asked.
target_compile_options(headers_check PRIVATE -O0 -g0)
