// An HTTP/1.1 client for one host, with a pool of kept connections, plain or TLS.
//
// A result says how far the request came, and that is the point of this class: an order whose request was not sent may
// be sent again, one of unknown fate may not before the venue was asked. A request is repeated here only when nothing
// of it was written. Requests wait in order for a free connection. All calls and callbacks on the loop's thread;
// a callback never comes within send(). Destruction closes everything and calls nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/net/http.h"
#include "gateway/net/loop.h"
#include "gateway/net/tls.h"
#include "journal/result.h"

namespace reprise::net {

enum class Fate {
  not_sent,  // no byte of it left this machine: certainly not received
  unknown,   // some of it was sent and no whole answer came: received or not
  answered,
};

struct HttpResult {
  Fate fate = Fate::not_sent;
  Response response;          // whole if answered; if unknown, the status where one came (0: none)
  std::string problem;        // empty if answered
  bool timed_out = false;     // by the request's deadline
  std::int64_t sent_at = 0;   // loop time: handed to the socket (0: never)
  std::int64_t ended_at = 0;  // loop time: the answer's last byte, or the failure
};

struct HttpClientOptions {
  std::string host;
  std::uint16_t port = 0;
  std::optional<ClientTls> tls;
  std::size_t connections = 8;
  std::size_t waiting_requests = 10'000;  // more are refused as not sent
  std::size_t header_bytes = 32u << 10;
  std::size_t answer_bytes = 64u << 20;
  Duration connect_time = std::chrono::seconds(5);
  Duration idle_time = std::chrono::seconds(50);  // shorter than the server's, so that a kept connection is a live one
};

class HttpClient {
 public:
  using Done = std::function<void(HttpResult)>;
  virtual ~HttpClient() = default;
  // Host, Content-Length and Connection are set here. time covers everything from waiting to the last byte.
  virtual void send(Request request, Duration time, Done done) = 0;
  // Opens connections ahead of use.
  virtual void warm(std::size_t connections) = 0;
  virtual std::size_t open_connections() const = 0;
};

// Fails where the authorities' file cannot be read; whether the host can be reached shows with the requests.
Result<std::unique_ptr<HttpClient>> make_http_client(Loop& loop, HttpClientOptions options);

}  // namespace reprise::net
