#include "gateway/binance/stream_line.h"

#include <algorithm>

namespace reprise::gateway::binance {

std::string text_of(const net::WebsocketEnd& end) {
  std::string text;
  switch (end.cause) {
    case net::WebsocketCause::not_connected: text = "not connected"; break;
    case net::WebsocketCause::refused: text = "refused with HTTP " + std::to_string(end.http_status); break;
    case net::WebsocketCause::closed_by_peer: text = "closed by the venue"; break;
    case net::WebsocketCause::closed_by_us: text = "closed"; break;
    case net::WebsocketCause::timed_out: text = "nothing came any more"; break;
    case net::WebsocketCause::broken: text = "connection broken"; break;
    case net::WebsocketCause::too_large: text = "a message beyond the limit"; break;
  }
  if (end.close_code != 0) text += " (" + std::to_string(end.close_code) + ")";
  // The peer's words: bounded, and no control characters in logs and records.
  std::string words = end.text.substr(0, 200);
  for (char& c : words)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = ' ';
  return words.empty() ? text : text + ": " + words;
}

StreamLine::StreamLine(Wire& wire, StreamLineListener& listener, std::string name, std::string target,
                       std::size_t streams, const StreamLineTimes& times, std::uint64_t seed, std::uint64_t component)
    : wire_(wire),
      listener_(listener),
      name_(std::move(name)),
      target_(std::move(target)),
      times_(times),
      backoff_(times.first_pause, times.longest_pause, seed, component),
      spoke_on_main_(streams),
      covered_by_spare_(streams) {}

StreamLine::~StreamLine() {
  stop();
  *alive_ = false;
}

void StreamLine::start() {
  if (!is_stopped_) return;
  is_stopped_ = false;
  connect();
}

void StreamLine::stop() {
  is_stopped_ = true;
  wire_.scheduler().cancel(retry_);
  retry_ = 0;
  retire(main_);
  retire(spare_);
}

// A socket may be given up within one of its own callbacks: it is destroyed when that is over.
void StreamLine::retire(std::unique_ptr<Socket>& socket) {
  if (socket == nullptr) return;
  socket->line = nullptr;
  retired_.push_back(std::move(socket));
  socket = nullptr;
  wire_.scheduler().post([this, alive = alive_] {
    if (*alive) retired_.clear();
  });
}

void StreamLine::connect() {
  auto socket = std::make_unique<Socket>(this);
  auto client = wire_.open(Host::streams, target_, *socket);
  if (!client) {
    listener_.on_note(*this, name_ + ": " + client.error().text());
    return retry_later();
  }
  socket->client = std::move(client).value();
  main_ = std::move(socket);
}

void StreamLine::retry_later() {
  wire_.scheduler().cancel(retry_);
  retry_ = wire_.scheduler().after(net::Duration(backoff_.next().ns), [this] {
    retry_ = 0;
    if (!is_stopped_ && main_ == nullptr) connect();
  });
}

void StreamLine::connect_spare() {
  auto socket = std::make_unique<Socket>(this);
  auto client = wire_.open(Host::streams, target_, *socket);
  next_spare_at_ = now() + backoff_.next().ns;
  if (!client) return listener_.on_note(*this, name_ + ": no fresh socket yet: " + client.error().text());
  socket->client = std::move(client).value();
  spare_ = std::move(socket);
  spare_since_ = now();
  std::fill(spoke_on_main_.begin(), spoke_on_main_.end(), 0);
  std::fill(covered_by_spare_.begin(), covered_by_spare_.end(), 0);
}

void StreamLine::on_open(Socket& socket) {
  socket.is_open = true;
  socket.opened_at = now();
  if (&socket == spare_.get()) {
    // What spoke before the spare could hear it proves nothing.
    spare_since_ = now();
    std::fill(spoke_on_main_.begin(), spoke_on_main_.end(), 0);
    return;
  }
  up_since_ = now();
  listener_.on_up(*this);
}

void StreamLine::on_end(Socket& socket, const net::WebsocketEnd& end) {
  const std::string why = text_of(end);
  if (&socket == spare_.get()) {
    retire(spare_);
    return listener_.on_note(*this, name_ + ": the fresh socket ended (" + why + "); the old one stays");
  }
  const bool was_up = main_ != nullptr && main_->is_open;
  if (was_up && spare_ != nullptr && spare_->is_open && spare_covers_all()) return take_over();
  if (!was_up) {
    retire(main_);
    listener_.on_note(*this, name_ + ": " + why);
    return retry_later();
  }
  reconnect(why);
}

void StreamLine::reconnect(const std::string& why) {
  if (is_stopped_ || !is_up()) return;
  if (now() - up_since_ >= times_.steady.ns) backoff_.reset();
  ++reconnects_;
  retire(main_);
  retire(spare_);
  listener_.on_down(*this, why);
  if (!is_stopped_) retry_later();
}

void StreamLine::heard(std::size_t stream, bool from_spare, bool without_hole) {
  if (spare_ == nullptr || !spare_->is_open) return;
  if (!from_spare) {
    spoke_on_main_[stream] = 1;
  } else {
    covered_by_spare_[stream] = without_hole ? 1 : 0;
  }
}

bool StreamLine::spare_covers_all() const {
  bool any = false;
  for (std::size_t i = 0; i < covered_by_spare_.size(); ++i) {
    if (spoke_on_main_[i] != 0 && covered_by_spare_[i] == 0) return false;
    any |= covered_by_spare_[i] != 0;
  }
  return any;
}

void StreamLine::tick() {
  if (is_stopped_ || !is_up() || times_.rotate_after.ns == 0) return;
  const std::int64_t time = now();
  if (time - up_since_ >= times_.steady.ns && spare_ == nullptr && backoff_.attempts() != 0 && time >= next_spare_at_)
    backoff_.reset();
  if (spare_ == nullptr) {
    if (time - main_->opened_at >= times_.rotate_after.ns && time >= next_spare_at_) connect_spare();
    return;
  }
  if (spare_->is_open && time - spare_since_ >= times_.overlap.ns && spare_covers_all()) return take_over();
  if (time - spare_since_ < times_.longest_overlap.ns) return;
  retire(spare_);
  next_spare_at_ = time + times_.longest_pause.ns;
  listener_.on_note(*this, name_ + ": the fresh socket does not deliver; the old one stays for now");
}

void StreamLine::take_over() {
  retire(main_);
  main_ = std::move(spare_);
  spare_ = nullptr;
  ++rotations_;
  backoff_.reset();
  listener_.on_taken_over(*this);
}

}  // namespace reprise::gateway::binance
