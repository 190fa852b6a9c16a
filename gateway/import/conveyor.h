// Items on their way from the thread that fills them to the one that uses them: a bounded queue whose items go back
// to be filled again, so that memory is allocated a few times only.
//
// One producer, one consumer. Order is the producer's; nothing depends on which of the two is faster. Who has to
// wait waits until it is worth waking: waking costs more than handing over.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "journal/result.h"

namespace reprise::gateway {

template <class Item>
class Conveyor {
 public:
  // `limit`: the producer waits while what is ready weighs as much; one more item is with each side. `wake`: how many
  // items shall be ready when the consumer has had to wait, unless the end or `limit` comes first.
  Conveyor(std::size_t limit, std::size_t wake) : limit_(limit), wake_(wake) {}

  // Producer: an item to fill (as it was left); nullptr when nobody wants one.
  Item* take_empty() {
    std::unique_lock lock(mutex_);
    if (weight_ >= limit_) {
      to_producer_.wait(lock, [&] { return is_stopping_ || weight_ <= limit_ / 2; });
    }
    if (is_stopping_) return nullptr;
    if (filling_ == nullptr && !spare_.empty()) {
      filling_ = std::move(spare_.back());
      spare_.pop_back();
    }
    if (filling_ == nullptr) filling_ = std::make_unique<Item>();
    return filling_.get();
  }
  void hand_over(std::size_t weight = 1) {
    const std::lock_guard lock(mutex_);
    ready_.emplace_back(std::move(filling_), weight);
    weight_ += weight;
    if (is_worth_waking()) to_consumer_.notify_one();
  }
  // Nothing comes any more, or this Error behind what is ready.
  void finish(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    at_end_ = true;
    to_consumer_.notify_one();
  }

  // Consumer: the next item, its own until the next call; nullptr at the end and after stop().
  Result<Item*> next() {
    std::unique_lock lock(mutex_);
    if (current_ != nullptr) spare_.push_back(std::move(current_));
    if (ready_.empty()) to_consumer_.wait(lock, [&] { return is_worth_waking() || at_end_ || is_stopping_; });
    if (ready_.empty() || is_stopping_) {
      if (error_ && !is_stopping_) return *error_;
      return static_cast<Item*>(nullptr);
    }
    current_ = std::move(ready_.front().first);
    weight_ -= ready_.front().second;
    ready_.pop_front();
    if (weight_ <= limit_ / 2) to_producer_.notify_one();
    return current_.get();
  }

  // Either side, or who owns both: the producer gets nothing to fill, the consumer nothing to use.
  void stop() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    to_producer_.notify_one();
    to_consumer_.notify_one();
  }

 private:
  // At the limit the producer waits, however few the items: then the consumer must not.
  bool is_worth_waking() const { return ready_.size() >= wake_ || weight_ >= limit_; }

  const std::size_t limit_;
  const std::size_t wake_;
  std::mutex mutex_;
  std::condition_variable to_producer_;
  std::condition_variable to_consumer_;
  std::deque<std::pair<std::unique_ptr<Item>, std::size_t>> ready_;
  std::size_t weight_ = 0;  // of all that are ready
  std::vector<std::unique_ptr<Item>> spare_;
  std::unique_ptr<Item> filling_;
  std::unique_ptr<Item> current_;
  std::optional<Error> error_;
  bool at_end_ = false;
  bool is_stopping_ = false;
};

}  // namespace reprise::gateway
