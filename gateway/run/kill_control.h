// The ways into a running bot's kill switch: a file that is there, a signal, an HTTP call with a token.
//
//   POST /kill     engages the switch -> {"engaged": true}
//   POST /resume   the way back: trading goes on; refused while a kill file is there
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
#include <vector>

#include "gateway/binance/secret.h"
#include "gateway/net/server.h"

namespace reprise::gateway {

struct KillControlOptions {
  std::vector<std::string> files;          // any of them
  std::atomic<bool>* signal = nullptr;     // turned true by a signal handler, and back by this class
  std::optional<net::ServerOptions> port;  // with `token`
  binance::Secret token;
};

class KillControl final : public net::ServerHandler {
 public:
  using Engage = std::function<void(const std::string& why)>;
  using State = std::function<std::string()>;  // a JSON object

  using Resume = std::function<void()>;
  static Result<std::unique_ptr<KillControl>> start(net::Loop& loop, KillControlOptions options, Engage engage,
                                                    Resume resume, State state);
  void look();  // at file and signal; call often
  bool is_engaged() const { return is_engaged_; }
  std::uint16_t port() const { return server_ == nullptr ? std::uint16_t{0} : server_->port(); }

  void on_request(net::Request request, net::Reply reply) override;

 private:
  KillControl(KillControlOptions options, Engage engage, Resume resume, State state)
      : options_(std::move(options)),
        engage_(std::move(engage)),
        resume_(std::move(resume)),
        state_(std::move(state)) {}
  bool is_a_file_there() const;
  void engage(const std::string& why);

  KillControlOptions options_;
  Engage engage_;
  Resume resume_;
  State state_;
  std::unique_ptr<net::Server> server_;
  bool is_engaged_ = false;
};

}  // namespace reprise::gateway
