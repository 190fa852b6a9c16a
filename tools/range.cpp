#include "tools/range.h"

namespace reprise::tools {

void RangeOptions::declare(Arguments& arguments, const std::string& verb) {
  arguments.text("--from", from_, "first record or time to " + verb).value("SEQ|TIME");
  arguments.text("--until", until_, "last record or time to " + verb).value("SEQ|TIME");
  arguments.text("--day", day_, verb + " this day (UTC) alone").value("YYYY-MM-DD");
}

Result<Range> RangeOptions::parse() const {
  Range range;
  if (!day_.empty()) {
    if (!from_.empty() || !until_.empty()) {
      return usage_error("--day is a --from and an --until already", "give either");
    }
    const bool has_zone = day_.back() == 'Z';
    auto begin = parse_moment(has_zone ? day_ : day_ + "Z");
    if (!begin || !begin->time || day_.size() != (has_zone ? 11u : 10u)) {
      return usage_error("'" + day_ + "' is not a day", "a day looks like 2024-08-08");
    }
    range.from = *begin;
    range.until = Moment{std::nullopt, *begin->time + 86'400 * 1'000'000'000LL - 1};
    return range;
  }
  for (const auto& [text, moment] : {std::pair(&from_, &range.from), std::pair(&until_, &range.until)}) {
    if (text->empty()) continue;
    auto parsed = parse_moment(*text);
    if (!parsed) return parsed.error();
    *moment = *parsed;
  }
  const bool both_seqs = range.from && range.until && range.from->seq && range.until->seq;
  const bool both_times = range.from && range.until && range.from->time && range.until->time;
  if ((both_seqs && *range.from->seq > *range.until->seq) || (both_times && *range.from->time > *range.until->time)) {
    return usage_error("--from " + from_ + " is behind --until " + until_);
  }
  return range;
}

}  // namespace reprise::tools
