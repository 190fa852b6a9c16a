#include "gateway/net/dial.h"

#include <utility>

namespace reprise::net {

std::shared_ptr<Dial> Dial::start(LoopCore& core, DialTarget target, Done done) {
  const auto dial = std::make_shared<Dial>(core, std::move(target), std::move(done));
  dial->timer_ = core.after(dial->target_.time, [weak = std::weak_ptr<Dial>(dial)] {
    const auto self = weak.lock();
    if (self) self->finish(nullptr, "no connection in time to " + self->target_.host);
  });
  asio::post(core.context(), [dial] { dial->resolve(); });
  return dial;
}

Dial::Dial(LoopCore& core, DialTarget target, Done done)
    : core_(core),
      target_(std::move(target)),
      done_(std::move(done)),
      resolver_(core.context()),
      socket_(core.context()) {}

void Dial::cancel() {
  done_ = nullptr;
  core_.cancel(timer_);
  resolver_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);
  if (transport_) transport_->close();
}

void Dial::resolve() {
  if (!done_) return;
  ErrorCode code;
  const asio::ip::address address = asio::ip::make_address(target_.host, code);
  if (!code) return connect({tcp::endpoint(address, target_.port)});
  resolver_.async_resolve(target_.host, std::to_string(target_.port), tcp::resolver::numeric_service,
                          [self = shared_from_this()](ErrorCode failed, const tcp::resolver::results_type& found) {
                            if (!self->done_) return;
                            if (failed) return self->finish(nullptr, self->target_.host + ": " + failed.message());
                            std::vector<tcp::endpoint> endpoints;
                            for (const auto& entry : found) endpoints.push_back(entry.endpoint());
                            self->connect(std::move(endpoints));
                          });
}

void Dial::connect(std::vector<tcp::endpoint> endpoints) {
  endpoints_ = std::move(endpoints);
  try_next(asio::error::host_not_found);
}

void Dial::try_next(ErrorCode last) {
  if (!done_) return;
  if (next_ == endpoints_.size())
    return finish(nullptr, target_.host + " port " + std::to_string(target_.port) + ": " + last.message());
  ErrorCode ignored;
  socket_.close(ignored);
  socket_.async_connect(endpoints_[next_++], [self = shared_from_this()](ErrorCode code) {
    if (!self->done_) return;
    if (code) return self->try_next(code);
    self->connected();
  });
}

void Dial::connected() {
  transport_ = std::make_shared<Transport>(core_, std::move(socket_));
  if (!target_.tls) return finish(transport_, {});
  transport_->start_tls(target_.tls, target_.server_name, [self = shared_from_this()](const std::string& problem) {
    if (!self->done_) return;
    if (problem.empty()) return self->finish(self->transport_, {});
    self->transport_->close();
    self->finish(nullptr, "TLS with " + self->target_.host + ": " + problem);
  });
}

void Dial::finish(std::shared_ptr<Transport> transport, std::string problem) {
  if (!done_) return;
  const Done done = std::exchange(done_, nullptr);
  const auto self = shared_from_this();
  transport_ = transport ? nullptr : transport_;
  cancel();
  done(std::move(transport), std::move(problem));
}

}  // namespace reprise::net
