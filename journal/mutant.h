// Planted defects, to prove that the swarm finds such ones (tools/mutants). Only a build with -DREPRISE_MUTANTS=ON has
// them; in any other build REPRISE_MUTANT(name) is the constant false and nothing of them is in the program.
//
//   if (REPRISE_MUTANT(halt_keeps_orders)) return;
//
// Which one is on is chosen once, before anything runs, by name (environment REPRISE_MUTANT, read in tools/). Every
// name stands in mutant.cpp with the invariant that is expected to find it in SWARM.md.
#pragma once

#ifdef REPRISE_MUTANTS

#include <string>
#include <vector>

namespace reprise {

const std::vector<std::string>& mutant_names();
bool choose_mutant(const std::string& name);  // false: there is none of this name
bool mutant_is(const char* name);             // asserts that the name is in the list

}  // namespace reprise

#define REPRISE_MUTANT(name) ::reprise::mutant_is(#name)

#else

#define REPRISE_MUTANT(name) false

#endif
