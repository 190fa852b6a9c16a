#include "engine/market/bars.h"

#include <algorithm>
#include <limits>

namespace reprise::engine {

namespace {
__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}
std::int64_t traded_value(Price price, Qty qty) {
  const Wide product = static_cast<Wide>(price.e8) * qty.e8 / kScale;
  return product > std::numeric_limits<std::int64_t>::max() ? std::numeric_limits<std::int64_t>::max()
                                                            : static_cast<std::int64_t>(product);
}
}  // namespace

void Bar::persist(StateArchive& archive) {
  archive.field("open", open);
  archive.field("high", high);
  archive.field("low", low);
  archive.field("close", close);
  archive.field("volume", volume);
  archive.field("quote_volume", quote_volume);
  archive.field("buy_volume", buy_volume);
  archive.field("trade_count", trade_count);
  archive.field("open_time", open_time);
}

std::optional<Bar> BarBuilder::close_until(UnixNanos now) {
  if (!is_open_ || now < bar_.open_time + interval_) return std::nullopt;
  is_open_ = false;
  return bar_;
}

void BarBuilder::add(Price price, Qty qty, Side aggressor, UnixNanos now) {
  if (interval_.ns <= 0) return;
  REPRISE_ASSERT(!is_open_ || now < bar_.open_time + interval_, "a finished bar was not taken");
  if (!is_open_) {
    bar_ = Bar{};
    bar_.open = bar_.high = bar_.low = price;
    bar_.open_time = UnixNanos{floor_to(now.ns, interval_.ns)};
    is_open_ = true;
  }
  bar_.high = std::max(bar_.high, price);
  bar_.low = std::min(bar_.low, price);
  bar_.close = price;
  bar_.volume = Qty::of_e8(saturating_add(bar_.volume.e8, qty.e8));
  bar_.quote_volume = Money::of_e8(saturating_add(bar_.quote_volume.e8, traded_value(price, qty)));
  if (aggressor == Side::BUY) bar_.buy_volume = Qty::of_e8(saturating_add(bar_.buy_volume.e8, qty.e8));
  ++bar_.trade_count;
}

void BarBuilder::persist(StateArchive& archive) {
  archive.field("is_open", is_open_);
  archive.field("bar", bar_);
}

}  // namespace reprise::engine
