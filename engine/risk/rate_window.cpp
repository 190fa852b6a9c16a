#include "engine/risk/rate_window.h"

#include <algorithm>

namespace reprise::engine {

void RateWindow::set_limit(std::uint32_t limit) {
  if (limit == limit_) return;
  std::vector<std::int64_t> kept;
  for (std::uint32_t i = 0; i < size_; ++i) kept.push_back(times_[(first_ + i) % limit_]);
  if (kept.size() > limit) kept.erase(kept.begin(), kept.end() - limit);
  limit_ = limit;
  first_ = 0;
  size_ = static_cast<std::uint32_t>(kept.size());
  kept.resize(limit);
  times_ = std::move(kept);
}

std::uint32_t RateWindow::count(UnixNanos now) {
  while (size_ != 0 && times_[first_] <= now.ns - interval_.ns) {
    first_ = first_ + 1 == limit_ ? 0 : first_ + 1;
    --size_;
  }
  return size_;
}

void RateWindow::add(UnixNanos now) {
  if (limit_ == 0) return;
  if (size_ == limit_) {
    first_ = first_ + 1 == limit_ ? 0 : first_ + 1;
    --size_;
  }
  const std::uint32_t place = first_ + size_ >= limit_ ? first_ + size_ - limit_ : first_ + size_;
  times_[place] = now.ns;
  ++size_;
}

void RateWindow::persist(StateArchive& archive) {
  std::vector<std::int64_t> times;
  for (std::uint32_t i = 0; i < size_; ++i) times.push_back(times_[(first_ + i) % limit_]);
  std::uint32_t limit = limit_;
  archive.field("limit", limit);
  archive.field("times", times);
  if (!archive.loading()) return;
  first_ = size_ = 0;
  limit_ = 0;
  times_.clear();
  set_limit(std::min(limit, std::uint32_t{1} << 20));
  for (const std::int64_t time : times) add({time});
}

}  // namespace reprise::engine
