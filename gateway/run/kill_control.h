// The ways into a running bot's kill switch: a file that is there, a signal, an HTTP call with a token.
//
//   POST /kill     engages the switch -> {"engaged": true}
//   GET  /state    what the run says of itself
//
// The first one engages it, once; what it does is the engine's (engine/risk/kill_switch.h). A file that cannot be
// looked at is not there. On the loop's thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/binance/secret.h"
#include "gateway/net/server.h"

namespace reprise::gateway {

struct KillControlOptions {
  std::string file;                           // "" = none
  const std::atomic<bool>* signal = nullptr;  // turned true by a signal handler
  std::optional<net::ServerOptions> port;     // with `token`
  binance::Secret token;
};

class KillControl final : public net::ServerHandler {
 public:
  using Engage = std::function<void(const std::string& why)>;
  using State = std::function<std::string()>;  // a JSON object

  static Result<std::unique_ptr<KillControl>> start(net::Loop& loop, KillControlOptions options, Engage engage,
                                                    State state);
  void look();  // at file and signal; call often
  bool is_engaged() const { return is_engaged_; }
  std::uint16_t port() const { return server_ == nullptr ? std::uint16_t{0} : server_->port(); }

  void on_request(net::Request request, net::Reply reply) override;

 private:
  KillControl(KillControlOptions options, Engage engage, State state)
      : options_(std::move(options)), engage_(std::move(engage)), state_(std::move(state)) {}
  void engage(const std::string& why);

  KillControlOptions options_;
  Engage engage_;
  State state_;
  std::unique_ptr<net::Server> server_;
  bool is_engaged_ = false;
};

}  // namespace reprise::gateway
