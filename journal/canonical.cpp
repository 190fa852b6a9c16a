#include "journal/canonical.h"

#include <capnp/any.h>
#include <capnp/message.h>

#include <cstring>

namespace reprise::journal {

std::vector<capnp::word> canonical_form(const capnp::word* body, std::size_t words) {
  (void)words;
  const auto array = capnp::readMessageUnchecked<capnp::AnyPointer>(body).getAs<capnp::AnyStruct>().canonicalize();
  std::vector<capnp::word> out(array.size());
  if (!out.empty())
    std::memcpy(static_cast<void*>(out.data()), static_cast<const void*>(array.begin()),
                out.size() * sizeof(capnp::word));
  return out;
}

bool same_canonical_form(const capnp::word* a, std::size_t a_words, const capnp::word* b, std::size_t b_words) {
  if (a_words == b_words &&
      std::memcmp(static_cast<const void*>(a), static_cast<const void*>(b), a_words * sizeof(capnp::word)) == 0)
    return true;
  const auto x = canonical_form(a, a_words);
  const auto y = canonical_form(b, b_words);
  return x.size() == y.size() && std::memcmp(static_cast<const void*>(x.data()), static_cast<const void*>(y.data()),
                                             x.size() * sizeof(capnp::word)) == 0;
}

}  // namespace reprise::journal
