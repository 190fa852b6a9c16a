#include "tests/support/fake_wire.h"

#include <algorithm>
#include <utility>

namespace reprise::test {

namespace {

class FakeClient final : public net::WebsocketClient {
 public:
  explicit FakeClient(std::shared_ptr<FakeSocket> socket) : socket_(std::move(socket)) {}
  ~FakeClient() override {
    socket_->is_gone = true;
    socket_->is_open = false;
  }
  bool is_open() const override { return socket_->is_open; }
  bool send_text(std::string text) override {
    if (!socket_->is_open) return false;
    socket_->sent.push_back(std::move(text));
    return true;
  }
  bool ping(std::string_view) override { return socket_->is_open; }
  void close(std::uint16_t, std::string_view) override { socket_->is_open = false; }

 private:
  std::shared_ptr<FakeSocket> socket_;
};

}  // namespace

void FakeSocket::accept() {
  if (is_gone || has_ended) return;
  is_open = true;
  handler_->on_open();
}

void FakeSocket::say(const std::string& text) {
  if (is_open && !is_gone) handler_->on_text(text);
}

void FakeSocket::end(net::WebsocketCause cause, std::uint16_t code, const std::string& text, std::size_t unsent) {
  if (is_gone || std::exchange(has_ended, true)) return;
  is_open = false;
  net::WebsocketEnd how;
  how.cause = cause;
  how.close_code = code;
  how.text = text;
  how.unsent_texts = unsent;
  handler_->on_end(how);
}

net::TimerId FakeScheduler::after(net::Duration delay, std::function<void()> function) {
  timers_.emplace(std::pair(now_ + std::max<std::int64_t>(delay.count(), 0), ++last_), std::move(function));
  return last_;
}

void FakeScheduler::cancel(net::TimerId timer) {
  const auto found =
      std::find_if(timers_.begin(), timers_.end(), [&](const auto& entry) { return entry.first.second == timer; });
  if (found != timers_.end()) timers_.erase(found);
}

void FakeScheduler::settle() {
  while (!posted_.empty()) {
    const auto function = std::move(posted_.front());
    posted_.pop_front();
    function();
  }
}

void FakeScheduler::advance(net::Duration by) {
  const std::int64_t until = now_ + by.count();
  settle();
  while (!timers_.empty() && timers_.begin()->first.first <= until) {
    now_ = std::max(now_, timers_.begin()->first.first);
    const auto function = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    function();
    settle();
  }
  now_ = until;
}

void FakeWire::deliver(net::HttpClient::Done done, const FakeAnswer& given) {
  net::HttpResult result;
  result.fate = given.fate;
  result.problem = given.problem;
  if (given.fate == net::Fate::answered) result.response = {given.status, given.headers, given.body};
  done(std::move(result));
}

void FakeWire::request(Host host, net::Request request, net::Duration, net::HttpClient::Done done) {
  requests.push_back(request);
  std::optional<FakeAnswer> said;
  if (answer) said = answer(host, request);
  if (!said) return open_requests.push_back({host, std::move(request), std::move(done)});
  scheduler_.after(latency, [this, done = std::move(done), said = std::move(*said)] { deliver(done, said); });
}

void FakeWire::reply(std::size_t place, const FakeAnswer& given) {
  OpenRequest open = std::move(open_requests.at(place));
  open_requests.erase(open_requests.begin() + static_cast<std::ptrdiff_t>(place));
  deliver(std::move(open.done), given);
  settle();
}

Result<std::unique_ptr<net::WebsocketClient>> FakeWire::open(Host host, const std::string& target,
                                                             net::WebsocketHandler& handler) {
  if (refuses_to_open) return io_error("the network is gone");
  auto& socket = *sockets_.emplace_back(std::make_shared<FakeSocket>());
  socket.host = host;
  socket.target = target;
  socket.handler_ = &handler;
  return std::unique_ptr<net::WebsocketClient>(std::make_unique<FakeClient>(sockets_.back()));
}

FakeSocket& FakeWire::last_socket(const std::string& part) {
  for (auto it = sockets_.rbegin(); it != sockets_.rend(); ++it)
    if ((*it)->target.find(part) != std::string::npos) return **it;
  return *sockets_.at(sockets_.size());  // throws: none
}

std::size_t FakeWire::living_sockets() const {
  return static_cast<std::size_t>(std::count_if(
      sockets_.begin(), sockets_.end(), [](const auto& socket) { return !socket->is_gone && !socket->has_ended; }));
}

}  // namespace reprise::test
