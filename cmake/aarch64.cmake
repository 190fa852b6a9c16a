# Cross build for aarch64, run under qemu: the determinism matrix's second architecture.
# tools/sysroot makes the sysroot (REPRISE_SYSROOT overrides where it lies).
if(DEFINED ENV{REPRISE_SYSROOT})
  set(reprise_sysroot "$ENV{REPRISE_SYSROOT}")
else()
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../tools/sysroot --path
    OUTPUT_VARIABLE reprise_sysroot OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE reprise_sysroot_missing)
  if(reprise_sysroot_missing)
    message(FATAL_ERROR "No aarch64 sysroot at '${reprise_sysroot}'; run tools/sysroot first")
  endif()
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_SYSROOT "${reprise_sysroot}")
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH "${CMAKE_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64-static;-L;${CMAKE_SYSROOT}")

# The schema compiler runs on the host.
set(CAPNP_EXECUTABLE /usr/bin/capnp CACHE FILEPATH "host's schema compiler")
set(CAPNPC_CXX_EXECUTABLE /usr/bin/capnpc-c++ CACHE FILEPATH "host's C++ generator")
