#include "gateway/net/websocket_client.h"

#include <algorithm>
#include <deque>

#include "gateway/net/dial.h"
#include "gateway/net/websocket_session.h"

namespace reprise::net {

namespace {

class TcpWebsocket final : public WebsocketClient, public SessionListener {
 public:
  TcpWebsocket(Loop& loop, WebsocketOptions options, std::shared_ptr<TlsContext> tls, WebsocketHandler& handler)
      : loop_(loop), options_(std::move(options)), handler_(handler) {
    DialTarget target;
    target.host = options_.host;
    target.port = options_.port;
    target.tls = std::move(tls);
    if (options_.tls)
      target.server_name = options_.tls->server_name.empty() ? options_.host : options_.tls->server_name;
    target.time = options_.connect_time;
    began_ = loop_.now();
    dial_ =
        Dial::start(loop_.core(), std::move(target), [this](std::shared_ptr<Transport> transport, std::string problem) {
          dialled(std::move(transport), std::move(problem));
        });
  }
  ~TcpWebsocket() override {
    loop_.cancel(timer_);
    loop_.cancel(ping_timer_);
    if (dial_) dial_->cancel();
    session_.reset();
    if (transport_) transport_->close();
  }

  bool is_open() const override { return open_ && session_->is_open(); }

  bool send_text(std::string text) override {
    if (!is_open() || transport_->queued() + text.size() > options_.send_queue_bytes) return false;
    while (!begins_.empty() && begins_.front() < transport_->sent_position()) begins_.pop_front();
    begins_.push_back(transport_->position());
    session_->send_text(std::make_shared<const std::string>(std::move(text)));
    return true;
  }

  bool ping(std::string_view payload) override {
    if (!is_open()) return false;
    session_->ping(payload);
    return true;
  }

  void close(std::uint16_t code, std::string_view reason) override {
    if (ended_ || closing_) return;
    closing_ = true;
    if (open_) {
      session_->close(code, reason);
      return set_timer(options_.close_time);
    }
    set_timer(Duration(0));  // nothing to say goodbye to
  }

 private:
  void dialled(std::shared_ptr<Transport> transport, std::string problem) {
    dial_ = nullptr;
    if (closing_) return;  // the timer ends it
    if (!transport) return end(WebsocketCause::not_connected, std::move(problem));
    transport_ = std::move(transport);
    session_ = std::make_unique<WebsocketSession>(transport_, options_.message_bytes);
    const bool usual = options_.port == (options_.tls ? 443 : 80);
    session_->connect(usual ? options_.host : options_.host + ":" + std::to_string(options_.port), options_.target,
                      options_.headers, *this);
    set_timer(Duration(began_ - loop_.now()) + options_.connect_time);
  }

  void on_session_open() override {
    open_ = true;
    if (closing_) {
      session_->close(1000, {});
      return;
    }
    last_heard_ = loop_.now();
    set_timer(options_.idle_time);
    if (options_.ping_interval.count() > 0) schedule_ping();
    handler_.on_open();
  }

  void on_session_text(std::string_view text) override {
    if (!ended_ && !closing_) handler_.on_text(text);
  }
  void on_session_ping(std::string_view payload) override { handler_.on_ping(payload); }
  void on_session_pong(std::string_view payload) override { handler_.on_pong(payload); }

  void on_session_end(const SessionEnd& session_end) override {
    WebsocketCause cause = WebsocketCause::broken;
    if (session_end.refused_status != 0) {
      cause = WebsocketCause::refused;
    } else if (closing_) {
      cause = WebsocketCause::closed_by_us;
    } else if (session_end.too_big) {
      cause = WebsocketCause::too_large;
    } else if (session_end.peer_closed) {
      cause = WebsocketCause::closed_by_peer;
    } else if (!open_) {
      cause = WebsocketCause::not_connected;
    }
    end(cause, session_end.text, session_end.close_code, session_end.refused_status);
  }

  void set_timer(Duration time) {
    loop_.cancel(timer_);
    timer_ = loop_.after(time, [this] { on_timer(); });
  }

  void on_timer() {
    if (closing_) return end(WebsocketCause::closed_by_us, "closed; the server's goodbye did not come");
    if (!open_) return end(WebsocketCause::not_connected, "no answer in time to the upgrade");
    const std::int64_t now = loop_.now();
    if (transport_->take_received()) last_heard_ = now;
    const Duration silent(now - last_heard_);
    if (silent >= options_.idle_time) return end(WebsocketCause::timed_out, "nothing came for too long");
    set_timer(options_.idle_time - silent);
  }

  void schedule_ping() {
    ping_timer_ = loop_.after(options_.ping_interval, [this] {
      if (!is_open()) return;
      session_->ping({});
      schedule_ping();
    });
  }

  void end(WebsocketCause cause, std::string text, std::uint16_t close_code = 0, int http_status = 0) {
    if (ended_) return;
    ended_ = true;
    open_ = false;
    loop_.cancel(timer_);
    loop_.cancel(ping_timer_);
    WebsocketEnd result;
    result.cause = cause;
    result.text = std::move(text);
    result.close_code = close_code;
    result.http_status = http_status;
    if (dial_) dial_->cancel();
    if (transport_) {
      const std::uint64_t sent = transport_->sent_position();
      result.unsent_texts = static_cast<std::size_t>(
          std::count_if(begins_.begin(), begins_.end(), [sent](std::uint64_t begin) { return begin >= sent; }));
      // What is counted as unsent must not leave after all; without such texts the goodbye may.
      if (result.unsent_texts > 0) {
        transport_->reset();
      } else {
        transport_->close();
      }
    }
    handler_.on_end(result);
  }

  Loop& loop_;
  const WebsocketOptions options_;
  WebsocketHandler& handler_;
  std::int64_t began_ = 0, last_heard_ = 0;
  std::shared_ptr<Dial> dial_;
  std::shared_ptr<Transport> transport_;
  std::unique_ptr<WebsocketSession> session_;
  std::deque<std::uint64_t> begins_;  // where in the output the texts begin that may be unsent
  TimerId timer_ = 0, ping_timer_ = 0;
  bool open_ = false, closing_ = false, ended_ = false;
};

}  // namespace

Result<std::unique_ptr<WebsocketClient>> open_websocket(Loop& loop, WebsocketOptions options,
                                                        WebsocketHandler& handler) {
  std::shared_ptr<TlsContext> tls;
  if (options.tls) {
    Result<std::shared_ptr<TlsContext>> context = TlsContext::client(*options.tls);
    if (!context.ok()) return context.error();
    tls = *context;
  }
  return std::unique_ptr<WebsocketClient>(
      std::make_unique<TcpWebsocket>(loop, std::move(options), std::move(tls), handler));
}

}  // namespace reprise::net
