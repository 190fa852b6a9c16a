// The exchange's operator port: faults on request, and how it stands. On an address of its own, with a token.
//
//   POST   /faults          a fault (fault_desk.h) as JSON -> {"id": 1}
//   DELETE /faults[?id=1]   takes one away, or all
//   GET    /state           times, counts, the faults that stand
//
// Every request carries "Authorization: Bearer TOKEN". On the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/binance/secret.h"
#include "gateway/net/server.h"

namespace reprise::gateway::exchange {

struct AdminOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  binance::Secret token;
};

class AdminTarget {
 public:
  virtual ~AdminTarget() = default;
  virtual Result<std::uint64_t> add_fault(std::string_view json) = 0;
  virtual bool remove_fault(std::uint64_t id) = 0;  // 0 = all; false: there is none
  virtual std::string state_json() = 0;
};

class AdminDesk final : public net::ServerHandler {
 public:
  static Result<std::unique_ptr<AdminDesk>> start(net::Loop& loop, const AdminOptions& options, AdminTarget& target);
  std::uint16_t port() const { return server_->port(); }
  void stop() { server_->stop(); }

  void on_request(net::Request request, net::Reply reply) override;

 private:
  AdminDesk(AdminTarget& target, binance::Secret token) : target_(target), token_(std::move(token)) {}
  net::Response answer(const net::Request& request);

  AdminTarget& target_;
  binance::Secret token_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace reprise::gateway::exchange
