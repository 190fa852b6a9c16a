#include "gateway/binance/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <utility>

#include "journal/assert.h"

namespace reprise::gateway::binance {

void wipe(std::span<char> bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  wipe(std::span<char>(text.data(), text.size()));
  text.clear();
}

Secret Secret::of_size(std::size_t size) {
  Secret secret;
  if (size == 0) return secret;
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t mapped = (size + page - 1) / page * page;
  void* const memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  secret.data_ = static_cast<char*>(memory);
  secret.size_ = size;
  secret.mapped_ = mapped;
  // Both are best effort: a container may forbid locking, and its limit may be used up.
  secret.is_locked_ = mlock(memory, mapped) == 0;
  secret.is_kept_out_of_cores_ = madvise(memory, mapped, MADV_DONTDUMP) == 0;
  return secret;
}

Secret Secret::copy_of(std::string_view text) {
  Secret secret = of_size(text.size());
  if (!text.empty()) std::memcpy(secret.data_, text.data(), text.size());
  return secret;
}

Secret Secret::taken_from(std::string& text) {
  Secret secret = copy_of(text);
  wipe(text);
  return secret;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)),
      is_locked_(std::exchange(other.is_locked_, false)),
      is_kept_out_of_cores_(std::exchange(other.is_kept_out_of_cores_, false)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  release();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  mapped_ = std::exchange(other.mapped_, 0);
  is_locked_ = std::exchange(other.is_locked_, false);
  is_kept_out_of_cores_ = std::exchange(other.is_kept_out_of_cores_, false);
  return *this;
}

Secret::~Secret() {
  release();
}

void Secret::shorten(std::size_t size) {
  REPRISE_ASSERT(size <= size_, "a Secret does not grow");
  wipe(bytes().subspan(size));
  size_ = size;
}

void Secret::release() {
  if (data_ == nullptr) return;
  wipe(std::span<char>(data_, mapped_));
  if (is_locked_) munlock(data_, mapped_);
  munmap(data_, mapped_);
  data_ = nullptr;
  size_ = mapped_ = 0;
  is_locked_ = is_kept_out_of_cores_ = false;
}

}  // namespace reprise::gateway::binance
