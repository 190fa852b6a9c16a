// TLS contexts and the OpenSSL side of one connection, for the sources of gateway/net only.
//
// TlsSession speaks TLS over a non-blocking socket. It writes with MSG_NOSIGNAL, so that a peer that is gone is an
// error and never a SIGPIPE, and counts what the kernel took.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/net/tls.h"
#include "journal/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace reprise::net {

// What a step of non-blocking input or output came to. closed is the orderly end, failed any other.
enum class IoStep { done, wants_read, wants_write, closed, failed };

class TlsContext {
 public:
  static Result<std::shared_ptr<TlsContext>> server(const ServerTls& files);
  static Result<std::shared_ptr<TlsContext>> client(const ClientTls& trust);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return context_; }
  bool is_server() const { return server_; }

 private:
  TlsContext(ssl_ctx_st* context, bool server) : context_(context), server_(server) {}
  ssl_ctx_st* context_;
  bool server_;
};

class TlsSession {
 public:
  // server_name: what a client expects of the certificate (a host name or an address). Not used on a server.
  static Result<std::unique_ptr<TlsSession>> open(std::shared_ptr<TlsContext> context, int socket,
                                                  const std::string& server_name);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  IoStep handshake();
  IoStep read(char* data, std::size_t size, std::size_t& got);
  IoStep write(const char* data, std::size_t size, std::size_t& taken);
  void say_goodbye();  // close_notify, as far as the socket takes it
  bool has_pending() const;
  std::uint64_t wire_bytes_out() const { return wire_bytes_out_; }
  const std::string& problem() const { return problem_; }  // of the last step that failed

 private:
  TlsSession(std::shared_ptr<TlsContext> context, ssl_st* ssl) : context_(std::move(context)), ssl_(ssl) {}
  IoStep outcome(int result);

  std::shared_ptr<TlsContext> context_;
  ssl_st* ssl_;
  std::uint64_t wire_bytes_out_ = 0;
  std::string problem_;
  bool broken_ = false;  // OpenSSL forbids SSL_shutdown after a fatal error
};

}  // namespace reprise::net
