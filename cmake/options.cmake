# Compiler options for every target of ours.
#
# -ffp-contract=off: g++ and clang contract a*b+c differently where the CPU has FMA; without it the same
# source gives other bits on x86-64-v3 and aarch64. Eigen is kept from vectorising for the same reason.
# Never -march=native, never -ffast-math.
add_library(reprise_options INTERFACE)
target_compile_options(reprise_options INTERFACE
  -ffp-contract=off
  -fno-math-errno
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  # In a unit of several sources g++ takes what a .cpp hides in an unnamed namespace for a header's.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${REPRISE_UNITY}>>:-Wno-subobject-linkage>
  $<$<BOOL:${REPRISE_WERROR}>:-Werror>)
target_compile_definitions(reprise_options INTERFACE
  EIGEN_DONT_VECTORIZE
  SPDLOG_ACTIVE_LEVEL=SPDLOG_LEVEL_DEBUG
  $<$<BOOL:${REPRISE_DEBUG_CHECKS}>:REPRISE_DEBUG_CHECKS>
  $<$<BOOL:${REPRISE_MUTANTS}>:REPRISE_MUTANTS>)
target_include_directories(reprise_options INTERFACE ${PROJECT_SOURCE_DIR})

if(REPRISE_MOLD)
  find_program(REPRISE_MOLD_PROGRAM mold)
  if(REPRISE_MOLD_PROGRAM AND NOT CMAKE_CROSSCOMPILING)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

# reprise_room(NAME DEPENDS ...): the static library of one top-level folder, all its .cpp files.
function(reprise_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(reprise_${name} STATIC ${sources})
  # What the symbol check allows to single sources is held against their own objects.
  set(allowances ${PROJECT_SOURCE_DIR}/tests/determinism/allowed_symbols.txt)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${allowances})
  file(STRINGS ${allowances} allowed REGEX "^[a-z_]+[.]cpp[.]o ")
  list(TRANSFORM allowed REPLACE "[.]o .*" "")
  foreach(source IN LISTS sources)
    get_filename_component(file ${source} NAME)
    if(file IN_LIST allowed)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
  target_link_libraries(reprise_${name} PUBLIC reprise_options ${ROOM_DEPENDS})
endfunction()
