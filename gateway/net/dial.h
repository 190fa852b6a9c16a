// Makes a connection to a host: name lookup, TCP, TLS. For the sources of gateway/net only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/net/transport.h"

namespace reprise::net {

struct DialTarget {
  std::string host;  // name or address
  std::uint16_t port = 0;
  std::shared_ptr<TlsContext> tls;  // nullptr: plain
  std::string server_name;          // expected in the certificate
  Duration time{};                  // for all of it
};

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  // The transport, or nullptr and what went wrong. Never within the call.
  using Done = std::function<void(std::shared_ptr<Transport>, std::string problem)>;

  static std::shared_ptr<Dial> start(LoopCore& core, DialTarget target, Done done);
  // Nothing is called any more.
  void cancel();

  Dial(LoopCore& core, DialTarget target, Done done);

 private:
  void resolve();
  void connect(std::vector<tcp::endpoint> endpoints);
  void try_next(ErrorCode last);
  void connected();
  void finish(std::shared_ptr<Transport> transport, std::string problem);

  LoopCore& core_;
  const DialTarget target_;
  Done done_;
  TimerId timer_ = 0;
  tcp::resolver resolver_;
  tcp::socket socket_;
  std::vector<tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::shared_ptr<Transport> transport_;
};

}  // namespace reprise::net
