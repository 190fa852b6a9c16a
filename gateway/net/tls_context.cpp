#include "gateway/net/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace reprise::net {

namespace {

// The oldest error of OpenSSL's queue says the cause; the queue is empty afterwards.
std::string openssl_problem(const char* otherwise) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return otherwise;
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS error " + std::to_string(code);
}

// A BIO over a socket that never raises SIGPIPE. Its data is the socket's number, its application data the counter.
struct SocketBio {
  int socket;
  std::uint64_t* bytes_out;
};

int bio_write(BIO* bio, const char* data, int size) {
  const auto* self = static_cast<SocketBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t done = ::send(self->socket, data, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (done > 0) *self->bytes_out += static_cast<std::uint64_t>(done);
  if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(done);
}

int bio_read(BIO* bio, char* data, int size) {
  const auto* self = static_cast<SocketBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const ssize_t done = ::recv(self->socket, data, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (done == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(done);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_destroy(BIO* bio) {
  delete static_cast<SocketBio*>(BIO_get_data(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

// Made once and kept for the life of the process: it is a table of functions without state.
const BIO_METHOD* socket_bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reprise socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_destroy(made, bio_destroy);
    return made;
  }();
  return method;
}

void set_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

bool is_address(const std::string& name) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 || inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

}  // namespace

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(const ServerTls& files) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext(SSL_CTX_new(TLS_server_method()), true));
  if (made->get() == nullptr) return io_error("TLS: " + openssl_problem("no context"));
  set_common(made->get());
  SSL_CTX_set_options(made->get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_use_certificate_chain_file(made->get(), files.certificate_file.c_str()) != 1)
    return usage_error(files.certificate_file + ": no certificate could be read: " + openssl_problem("unknown reason"),
                       "a PEM file with the certificate first and its chain behind it");
  if (SSL_CTX_use_PrivateKey_file(made->get(), files.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return usage_error(files.key_file + ": no private key for the certificate: " + openssl_problem("unknown reason"),
                       "a PEM file without a passphrase, with the key of " + files.certificate_file);
  return made;
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const ClientTls& trust) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext(SSL_CTX_new(TLS_client_method()), false));
  if (made->get() == nullptr) return io_error("TLS: " + openssl_problem("no context"));
  set_common(made->get());
  SSL_CTX_set_verify(made->get(), SSL_VERIFY_PEER, nullptr);
  if (trust.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(made->get()) != 1)
      return io_error("TLS: the system's certificate authorities could not be read: " +
                      openssl_problem("unknown reason"));
  } else if (SSL_CTX_load_verify_file(made->get(), trust.ca_file.c_str()) != 1) {
    return usage_error(trust.ca_file +
                       ": no certificate authorities could be read: " + openssl_problem("unknown reason"));
  }
  return made;
}

Result<std::unique_ptr<TlsSession>> TlsSession::open(std::shared_ptr<TlsContext> context, int socket,
                                                     const std::string& server_name) {
  ERR_clear_error();
  const bool server = context->is_server();
  SSL* ssl = SSL_new(context->get());
  if (ssl == nullptr) return io_error("TLS: " + openssl_problem("no session"));
  std::unique_ptr<TlsSession> made(new TlsSession(std::move(context), ssl));
  BIO* bio = BIO_new(socket_bio_method());
  if (bio == nullptr) return io_error("TLS: " + openssl_problem("no memory"));
  BIO_set_data(bio, new SocketBio{socket, &made->wire_bytes_out_});
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_read_ahead(ssl, 1);
  if (server) {
    SSL_set_accept_state(ssl);
    return made;
  }
  SSL_set_connect_state(ssl);
  if (server_name.empty()) return usage_error("TLS: no host name to verify the certificate against");
  bool fine;
  if (is_address(server_name)) {
    fine = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1;
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    fine = SSL_set1_host(ssl, server_name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, server_name.c_str()) == 1;
  }
  if (!fine) return usage_error("TLS: '" + server_name + "' cannot be the name of a host");
  return made;
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

IoStep TlsSession::outcome(int result) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE: return IoStep::done;
    case SSL_ERROR_WANT_READ: return IoStep::wants_read;
    case SSL_ERROR_WANT_WRITE: return IoStep::wants_write;
    case SSL_ERROR_ZERO_RETURN: return IoStep::closed;
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      problem_ = openssl_problem(system_error != 0 ? std::strerror(system_error) : "connection ended");
      return IoStep::failed;
    default: break;
  }
  broken_ = true;
  const long verified = SSL_get_verify_result(ssl_);
  problem_ = openssl_problem("TLS error");
  if (verified != X509_V_OK) problem_ += std::string(": ") + X509_verify_cert_error_string(verified);
  return IoStep::failed;
}

IoStep TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  return outcome(SSL_do_handshake(ssl_));
}

IoStep TlsSession::read(char* data, std::size_t size, std::size_t& got) {
  ERR_clear_error();
  errno = 0;
  got = 0;
  return outcome(SSL_read_ex(ssl_, data, size, &got));
}

IoStep TlsSession::write(const char* data, std::size_t size, std::size_t& taken) {
  ERR_clear_error();
  errno = 0;
  taken = 0;
  return outcome(SSL_write_ex(ssl_, data, size, &taken));
}

void TlsSession::say_goodbye() {
  if (broken_ || SSL_in_init(ssl_)) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool TlsSession::has_pending() const {
  return SSL_has_pending(ssl_) == 1;
}

}  // namespace reprise::net
