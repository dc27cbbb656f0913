# What `cmake --install` installs: the three programs, the library's rooms with their headers, and
# what others find them by (a CMake package, a pkg-config file).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# In the order in which a linker wants them.
set(SLUICE_LIBRARY channel fuse backing observe mount wire base)

# sluice::sluice is the whole library; sluice::testkit is beside it, for tests.
add_library(sluice_library INTERFACE)
add_library(sluice::sluice ALIAS sluice_library)
set_target_properties(sluice_library PROPERTIES EXPORT_NAME sluice)
set(archives "")
foreach(room IN LISTS SLUICE_LIBRARY)
  target_link_libraries(sluice_library INTERFACE sluice_${room})
  string(APPEND archives "-lsluice_${room} ")
endforeach()
install(TARGETS sluice_library EXPORT sluice_targets)

foreach(room IN LISTS SLUICE_LIBRARY ITEMS testkit)
  install(TARGETS sluice_${room} EXPORT sluice_targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  get_target_property(headers sluice_${room} SLUICE_HEADERS)
  list(TRANSFORM headers PREPEND ${CMAKE_SOURCE_DIR}/src/${room}/)
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sluice/${room})
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/src/fuse.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sluice)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
install(EXPORT sluice_targets NAMESPACE sluice:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/sluice-config.cmake.in
  ${CMAKE_BINARY_DIR}/sluice-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/sluice-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/sluice-config.cmake ${CMAKE_BINARY_DIR}/sluice-config-version.cmake
  DESTINATION ${package_dir})

set(SLUICE_PC_LIBS ${archives})
string(REGEX REPLACE "[^/]+" ".." SLUICE_PC_UP ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(${CMAKE_CURRENT_LIST_DIR}/sluice.pc.in ${CMAKE_BINARY_DIR}/sluice.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/sluice.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The command looks for the daemon in ../libexec/sluice, and the daemon for the inspector beside it.
install(TARGETS sluice RUNTIME DESTINATION bin)
install(TARGETS sluiced sluice-inspector RUNTIME DESTINATION libexec/sluice)
install(FILES ${CMAKE_SOURCE_DIR}/docs/sluice.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
