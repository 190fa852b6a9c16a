# Every outside package, found in one place. Debian 12 and 13 have different versions of most.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(CapnProto REQUIRED CONFIG)  # needs pkg-config and language C
find_package(Boost 1.81 REQUIRED CONFIG)  # Boost's own file: CMake 4 has no FindBoost
find_package(OpenSSL 3 REQUIRED)
find_package(RapidJSON REQUIRED CONFIG)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(spdlog REQUIRED CONFIG)
find_package(yaml-cpp REQUIRED CONFIG)
find_package(RocksDB REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(LibArchive REQUIRED)
find_package(simdjson REQUIRED CONFIG)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

# yaml-cpp 0.7 exports a target without a name space, 0.8 one with it.
if(TARGET yaml-cpp::yaml-cpp)
  add_library(reprise_yaml INTERFACE)
  target_link_libraries(reprise_yaml INTERFACE yaml-cpp::yaml-cpp)
else()
  add_library(reprise_yaml INTERFACE)
  target_link_libraries(reprise_yaml INTERFACE yaml-cpp)
endif()

add_library(reprise_rapidjson INTERFACE)
target_include_directories(reprise_rapidjson SYSTEM INTERFACE ${RAPIDJSON_INCLUDE_DIRS})
