#include "gateway/binance/rate_counter.h"

#include <algorithm>
#include <vector>

namespace reprise::gateway::binance {

std::int64_t RateCounter::window_of(std::int64_t time) const {
  const std::int64_t quotient = time / interval_;
  return time % interval_ < 0 ? quotient - 1 : quotient;
}

void RateCounter::add(RateTicket ticket, std::int64_t amount, UnixNanos sent, UnixNanos presumed_done) {
  forget_before(sent.ns);
  if (amount > 0) entries_.push_back({ticket, amount, sent.ns, presumed_done.ns});
}

void RateCounter::finish(RateTicket ticket, UnixNanos done) {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), ticket,
                                      [](const Entry& entry, RateTicket wanted) { return entry.ticket < wanted; });
  if (found != entries_.end() && found->ticket == ticket) found->done = done.ns;
}

void RateCounter::learn(RateTicket ticket, UnixNanos sent, UnixNanos now, std::int64_t count) {
  if (windows_ == Windows::sliding) return;
  const std::int64_t window = window_of(sent.ns - clock_error_);
  // Answered across a border: nobody can tell which window the count is of.
  if (window != window_of(now.ns + clock_error_)) return;
  const auto [at, is_first] = counts_.try_emplace(window);
  Count& known = at->second;
  // A count only grows within its window, so of answers that crossed each other the larger came later; one that was
  // asked for when the other was already here is the truth even if it is smaller.
  const bool is_later = sent.ns >= known.done;
  const bool is_larger = count > known.count || (count == known.count && sent.ns > known.sent);
  if (is_first || is_later || is_larger) known = {count, ticket, sent.ns, now.ns};
  forget_before(now.ns);
}

// What lies in windows that no request from now on can fall into, and what the count of the last one includes.
void RateCounter::forget_before(std::int64_t now) {
  if (windows_ == Windows::sliding) {
    std::erase_if(entries_, [&](const Entry& e) { return e.done + clock_error_ + interval_ <= now; });
    return;
  }
  const std::int64_t oldest = window_of(now - clock_error_);
  counts_.erase(counts_.begin(), counts_.lower_bound(oldest));
  const auto known = counts_.find(oldest);
  std::erase_if(entries_, [&](const Entry& e) {
    if (window_of(e.done + clock_error_) < oldest) return true;
    if (known == counts_.end()) return false;
    const Count& count = known->second;
    // Included in the count of the oldest window, so it can be in none behind that either.
    return e.done <= count.sent || (e.ticket == count.ticket && e.done <= count.done);
  });
}

std::int64_t RateCounter::used_in_window(std::int64_t window) const {
  const auto known = counts_.find(window);
  std::int64_t sum = known == counts_.end() ? 0 : known->second.count;
  for (const Entry& entry : entries_) {
    if (window_of(entry.sent - clock_error_) > window || window_of(entry.done + clock_error_) < window) continue;
    const bool is_included =
        known != counts_.end() && (entry.done <= known->second.sent || entry.ticket == known->second.ticket);
    if (!is_included) sum += entry.amount;
  }
  return sum;
}

std::int64_t RateCounter::used_sliding(std::int64_t now) const {
  std::int64_t sum = 0;
  for (const Entry& entry : entries_) {
    if (entry.done + clock_error_ + interval_ > now) sum += entry.amount;
  }
  return sum;
}

std::int64_t RateCounter::used(UnixNanos now) const {
  if (windows_ == Windows::sliding) return used_sliding(now.ns);
  return std::max(used_in_window(window_of(now.ns - clock_error_)), used_in_window(window_of(now.ns + clock_error_)));
}

UnixNanos RateCounter::earliest(std::int64_t amount, std::int64_t capacity, UnixNanos now) const {
  if (windows_ == Windows::aligned) {
    UnixNanos time = now;
    const std::int64_t last = window_of(now.ns + clock_error_);
    for (std::int64_t window = window_of(now.ns - clock_error_); window <= last; ++window) {
      if (used_in_window(window) + amount > capacity) time = {(window + 1) * interval_ + clock_error_};
    }
    return time;
  }
  std::int64_t used = used_sliding(now.ns);
  if (used + amount <= capacity) return now;
  std::vector<const Entry*> by_end;
  for (const Entry& entry : entries_) by_end.push_back(&entry);
  std::sort(by_end.begin(), by_end.end(), [](const Entry* a, const Entry* b) { return a->done < b->done; });
  for (const Entry* entry : by_end) {
    const std::int64_t gone_at = entry->done + clock_error_ + interval_;
    if (gone_at <= now.ns) continue;
    used -= entry->amount;
    if (used + amount <= capacity) return {gone_at};
  }
  return now;
}

}  // namespace reprise::gateway::binance
