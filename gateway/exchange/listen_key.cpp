// The listen key of a client's user stream.
#include "engine/market/fixed.h"
#include "gateway/exchange/client_account.h"
#include "journal/digest.h"

namespace reprise::gateway::exchange {

namespace {
constexpr std::int64_t kLife = 60LL * 60 * 1'000 * kMillisecond;
}  // namespace

const std::string& ClientAccount::start_listen_key(UnixNanos now) {
  listen_key_until_ = {now.ns + kLife};
  if (!listen_key_.empty()) return listen_key_;
  // 64 letters and digits that nobody has to remember, and nobody can guess who does not know the seed.
  static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const std::string name = "listen-key-" + std::to_string(number_) + "-" + std::to_string(++listen_keys_made_);
  for (std::uint64_t part = 0; listen_key_.size() < 64; ++part) {
    std::uint64_t bits = journal::hash64(name.data(), name.size(), seed_ + part);
    for (int n = 0; n < 8; ++n, bits >>= 6) listen_key_ += kLetters[(bits & 63) % 62];
  }
  return listen_key_;
}

bool ClientAccount::keep_listen_key(UnixNanos now) {
  if (listen_key_.empty()) return false;
  listen_key_until_ = {now.ns + kLife};
  return true;
}

void ClientAccount::expire_listen_key(UnixNanos now) {
  if (listen_key_.empty()) return;
  JsonText out;
  out.open().field("e", "listenKeyExpired").field("E", now.ns / kMillisecond).field("listenKey", listen_key_);
  send("listenKeyExpired", out.close().str());
  listen_key_.clear();
}

}  // namespace reprise::gateway::exchange
