# How rooms, tests and programs are declared, so that each says only what is its own.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# `#include "sluice/ROOM/x.h"` means src/ROOM/x.h, in this tree as in an installed one.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/include/sluice SYMBOLIC)

find_package(Threads REQUIRED)

add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE
  $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>)
target_compile_options(sluice_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  -Wnon-virtual-dtor -Wold-style-cast)
option(SLUICE_WERROR "warnings are errors" ON)
if(SLUICE_WERROR)
  target_compile_options(sluice_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # TRY is one, and __extension__ quietens GCC alone.
  target_compile_options(sluice_flags INTERFACE -Wno-gnu-statement-expression)
elseif(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12, optimising, sees overlapping copies inside std::string's own operator+ (its bug 105651),
  # and takes the copy of an empty std::optional for the use of what it might have held.
  target_compile_options(sluice_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()

set(SLUICE_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them")
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers GCC inlines a test's own operator new, but not the delete that goes with it.
    target_compile_options(sluice_flags INTERFACE -Wno-mismatched-new-delete)
  endif()
endif()
if(SLUICE_SANITIZE MATCHES "thread")
  # ThreadSanitizer finds no room for its shadow where kernels spread addresses over 32 bits.
  set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_SOURCE_DIR}/scripts/without-aslr)
endif()

# sluice_room(NAME SOURCES ... HEADERS ... USES rooms... LIBS libraries...)
# One static library sluice_NAME from src/NAME; HEADERS are those other rooms may include.
function(sluice_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;USES;LIBS" ${ARGN})
  add_library(sluice_${name} STATIC ${ARG_SOURCES} ${ARG_HEADERS})
  add_library(sluice::${name} ALIAS sluice_${name})
  list(TRANSFORM ARG_USES PREPEND sluice_)
  target_link_libraries(sluice_${name} PUBLIC ${ARG_USES} Threads::Threads ${ARG_LIBS}
    PRIVATE $<BUILD_INTERFACE:sluice_flags>)
  target_include_directories(sluice_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:include>)
  target_compile_features(sluice_${name} PUBLIC cxx_std_23)
  set_target_properties(sluice_${name} PROPERTIES EXPORT_NAME ${name} SLUICE_HEADERS "${ARG_HEADERS}")
endfunction()

# sluice_program(NAME SOURCES ... USES rooms... LIBS ...)
function(sluice_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_USES PREPEND sluice_)
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LIBS} sluice_flags)
endfunction()

# sluice_test(NAME SOURCES ... USES rooms... LIBS ... [TIMEOUT seconds] [LABELS ...])
# A GoogleTest program tests_NAME; each of its tests becomes a ctest of its own.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;USES;LIBS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  sluice_program(tests_${name} SOURCES ${ARG_SOURCES} USES ${ARG_USES}
    LIBS ${ARG_LIBS} GTest::gtest_main)
  # Names are found at test time, so that a build never runs what it has built.
  gtest_discover_tests(tests_${name} TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
