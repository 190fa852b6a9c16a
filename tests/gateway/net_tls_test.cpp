// TLS of both sides: who is refused, and why it says so. Certificates are made when the tests run.
#include "tests/gateway/net_support.h"
#include "tests/support/catch.h"
#include "tests/support/test_certificates.h"

using namespace reprise;
using namespace reprise::net;
using namespace reprise::net_tests;
using reprise::test::CertificateFiles;
using reprise::test::TestCertificates;

namespace {

ServerOptions tls_with(const CertificateFiles& files) {
  ServerOptions options;
  options.tls = ServerTls{files.certificate, files.key};
  return options;
}

HttpResult ask_tls(TestServer& test, const std::string& authority, const std::string& host = "127.0.0.1",
                   const std::string& expected_name = {}) {
  HttpClientOptions options;
  options.host = host;
  options.port = test.port;
  options.tls = ClientTls{authority, expected_name};
  std::unique_ptr<HttpClient> client;
  test.running.on([&] { client = make_http_client(test.running.loop, options).value(); });
  HttpResult result = ask(test.running, *client, Request{});
  test.running.on([&] { client.reset(); });
  return result;
}

}  // namespace

TEST_CASE("a certificate that is right by name or address is accepted") {
  const TestCertificates certificates;
  TestServer test(tls_with(certificates.good));
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const HttpResult result = ask_tls(test, certificates.authority, host);
    CAPTURE(host, result.problem);
    CHECK(result.fate == net::Fate::answered);
    CHECK(result.response.body == "GET /");
  }
}

TEST_CASE("a certificate that is not right is refused before anything is sent") {
  const TestCertificates certificates;
  const auto refused = [&](const CertificateFiles& files, const std::string& authority, const char* why) {
    TestServer test(tls_with(files));
    const HttpResult result = ask_tls(test, authority);
    CAPTURE(why);
    CHECK(result.fate == net::Fate::not_sent);
    CHECK(result.problem.find(why) != std::string::npos);
    CHECK(test.running.until([&] { return test.server->counts().tls_failures == 1; }));
    test.running.on([&] { CHECK(test.recorder.requests.empty()); });
  };
  refused(certificates.wrong_host, certificates.authority, "mismatch");
  refused(certificates.expired, certificates.authority, "expired");
  refused(certificates.good, certificates.other_authority, "unable to get local issuer certificate");
  refused(certificates.good, "", "unable to get local issuer certificate");  // the system's authorities
  refused(certificates.self_signed, certificates.authority, "self-signed certificate");
}

TEST_CASE("the expected name may differ from the host that is dialled") {
  const TestCertificates certificates;
  TestServer test(tls_with(certificates.wrong_host));
  CHECK(ask_tls(test, certificates.authority, "127.0.0.1", "exchange.example").fate == net::Fate::answered);
}

TEST_CASE("TLS below 1.2 is refused") {
  const TestCertificates certificates;
  TestServer test(tls_with(certificates.good));
  CHECK(!RawPeer(test.port, true, TLS1_VERSION).tls_ready());
  CHECK(!RawPeer(test.port, true, TLS1_1_VERSION).tls_ready());
  CHECK(RawPeer(test.port, true, TLS1_2_VERSION).tls_ready());
  CHECK(RawPeer(test.port, true, TLS1_3_VERSION).tls_ready());
  CHECK(test.running.until([&] { return test.server->counts().tls_failures == 2; }));
}

TEST_CASE("plain text on a TLS port, and silence there, end without hurting others") {
  const TestCertificates certificates;
  ServerOptions options = tls_with(certificates.good);
  options.limits.header_time = 100ms;
  TestServer test(options);
  RawPeer plain(test.port), silent(test.port);
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(plain.read_to_end().find("HTTP") == std::string::npos);
  CHECK(silent.read_to_end().empty());
  CHECK(ask_tls(test, certificates.authority).fate == net::Fate::answered);
}

TEST_CASE("large bodies go through TLS whole, both ways") {
  const TestCertificates certificates;
  ServerOptions server_options = tls_with(certificates.good);
  server_options.limits.body_bytes = 32u << 20;
  TestServer test(server_options);
  test.running.on([&] {
    test.recorder.answer = [](Request request, Reply reply) { reply.send(Response{200, {}, std::move(request.body)}); };
  });
  HttpClientOptions options;
  options.host = "localhost";
  options.port = test.port;
  options.tls = ClientTls{certificates.authority, {}};
  std::unique_ptr<HttpClient> client;
  test.running.on([&] { client = make_http_client(test.running.loop, options).value(); });
  for (const std::size_t size :
       {std::size_t{16'383}, std::size_t{16'384}, std::size_t{16'385}, std::size_t{20'000'000}}) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
    Request request;
    request.method = "POST";
    request.body = body;
    const HttpResult result = ask(test.running, *client, request);
    CAPTURE(size, result.problem);
    CHECK(result.fate == net::Fate::answered);
    CHECK(result.response.body == body);
  }
  test.running.on([&] {
    CHECK(test.server->counts().accepted == 1);
    client.reset();
  });
}

TEST_CASE("a client says which file of authorities it could not read") {
  RunningLoop running;
  HttpClientOptions options;
  options.host = "localhost";
  options.tls = ClientTls{"absent.pem", {}};
  auto made = make_http_client(running.loop, options);
  REQUIRE(!made.ok());
  CHECK(made.error().message.starts_with("absent.pem: no certificate authorities could be read"));
}
