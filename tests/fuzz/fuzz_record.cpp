// Fuzz target: any bytes as a record's body are refused by shape_is_safe, or every reader of bodies gets
// through them: text, columns, differences, canonical form.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "journal/canonical.h"
#include "journal/field_diff.h"
#include "journal/record_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reprise::journal;
  if (size < 9) return 0;
  const std::size_t count = (size - 1) / 8;
  // Header and body as they lie in a block; heap memory of exactly that size.
  std::vector<capnp::word> words(kHeaderBytes / 8 + count);
  auto* header = reinterpret_cast<RecordHeader*>(words.data());
  header->type_code = static_cast<std::uint16_t>(data[0] % (kRecordTypeCount + 1));
  header->body_bytes = static_cast<std::uint32_t>(count * 8);
  std::memcpy(static_cast<void*>(words.data() + kHeaderBytes / 8), data + 1, count * 8);
  const RecordView view{1, header};
  if (!shape_is_safe(view.body(), count)) return 0;
  REPRISE_ASSERT(!record_json(view).empty(), "a safe body prints");
  REPRISE_ASSERT(column_values(view).size() == column_names(view.type()).size(), "one value for each column");
  REPRISE_ASSERT(!first_difference(view, view), "a record equals itself");
  REPRISE_ASSERT(same_canonical_form(view.body(), count, view.body(), count), "a body equals itself");
  const auto canonical = canonical_form(view.body(), count);
  // Behind the canonical form as many zero words as it lost: what a reader may visit is counted by the body's length,
  // and lists of nothing take no room.
  std::vector<capnp::word> padded(std::max(canonical.size(), count));
  std::memcpy(static_cast<void*>(padded.data()), canonical.data(), canonical.size() * sizeof(capnp::word));
  REPRISE_ASSERT(shape_is_safe(padded.data(), padded.size()), "a canonical form is safe");
  REPRISE_ASSERT(canonical_form(canonical.data(), canonical.size()).size() == canonical.size(),
                 "the canonical form is its own");
  return 0;
}
