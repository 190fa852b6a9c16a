// One kept connection of the HTTP client, for the sources of gateway/net only: one request and its answer at a time.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/net/http_client.h"
#include "gateway/net/transport.h"

namespace reprise::net {

class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  // What became of the request; keep: the connection can take another.
  using Done = std::function<void(HttpResult result, bool keep)>;

  HttpExchange(LoopCore& core, std::shared_ptr<Transport> transport, const HttpClientOptions& options);

  // Nothing to be read while it waits: the callback comes once if the connection ends or speaks meanwhile.
  void wait(std::function<void()> lost);
  // False: the connection is not fit for a request, and nothing was written.
  bool is_fit();
  void start(const std::string& text, bool head_only, Done done);
  // The deadline is over, or the owner goes.
  void abandon(const std::string& problem, bool timed_out);
  void close();
  std::int64_t idle_since() const { return idle_since_; }

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  void new_parser();
  void read();
  void on_read(ErrorCode code, std::size_t bytes);
  bool parse(ErrorCode& code);
  void take_answer();
  void fail(std::string problem, bool timed_out);

  LoopCore& core_;
  std::shared_ptr<Transport> transport_;
  const std::size_t header_bytes_, answer_bytes_;
  boost::beast::flat_buffer input_;
  std::optional<Parser> parser_;
  bool reading_ = false, head_only_ = false;
  Done done_;
  std::function<void()> lost_;
  std::uint64_t begin_ = 0;  // the request's place in the stream of output
  std::int64_t sent_at_ = 0, idle_since_ = 0;
};

}  // namespace reprise::net
