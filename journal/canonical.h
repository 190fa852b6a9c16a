// Cap'n Proto's canonical form: how records written under different schema versions are compared.
//
// A field at its default leaves no trace in it, so a body written before a field existed equals one
// written after, with the field at its default. Bodies must have passed shape_is_safe().
#pragma once

#include <capnp/common.h>

#include <cstddef>
#include <vector>

namespace reprise::journal {

std::vector<capnp::word> canonical_form(const capnp::word* body, std::size_t words);
bool same_canonical_form(const capnp::word* a, std::size_t a_words, const capnp::word* b, std::size_t b_words);

}  // namespace reprise::journal
