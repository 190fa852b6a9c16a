#include "tests/support/test_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace reprise::test {

namespace {

constexpr long kDay = 86'400;

struct Free {
  void operator()(X509* x) const { X509_free(x); }
  void operator()(EVP_PKEY* x) const { EVP_PKEY_free(x); }
  void operator()(X509_EXTENSION* x) const { X509_EXTENSION_free(x); }
  void operator()(std::FILE* x) const { std::fclose(x); }
};
template <class T>
using Held = std::unique_ptr<T, Free>;

void demand(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("test certificates: ") + what);
}

struct Identity {
  Held<X509> certificate;
  Held<EVP_PKEY> key;
};

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Held<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  demand(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "an extension");
}

// names: in the form of OpenSSL's subjectAltName; nullptr makes an authority. issuer nullptr: signed by itself.
Identity make(const char* common_name, const char* names, const Identity* issuer, long valid_from, long valid_until) {
  static long serial = 1;  // an issuer's numbers differ
  Identity made{Held<X509>(X509_new()), Held<EVP_PKEY>(EVP_EC_gen("P-256"))};
  demand(made.certificate && made.key, "a key");
  X509* const x = made.certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), valid_from);
  X509_gmtime_adj(X509_getm_notAfter(x), valid_until);
  X509_set_pubkey(x, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer->certificate.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  add_extension(x, signer, NID_basic_constraints, names == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(x, signer, NID_key_usage,
                names == nullptr ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (names != nullptr) add_extension(x, signer, NID_subject_alt_name, names);
  demand(X509_sign(x, (issuer != nullptr ? issuer->key : made.key).get(), EVP_sha256()) > 0, "a signature");
  return made;
}

Held<std::FILE> create(const std::string& path) {
  Held<std::FILE> file(std::fopen(path.c_str(), "w"));
  demand(file != nullptr, "a file");
  return file;
}

std::string write_certificate(const std::string& path, const Identity& identity) {
  const Held<std::FILE> file = create(path);
  demand(PEM_write_X509(file.get(), identity.certificate.get()) == 1, "a certificate's file");
  return path;
}

CertificateFiles write(const std::string& path, const Identity& identity) {
  const Held<std::FILE> file = create(path + ".key");
  demand(PEM_write_PrivateKey(file.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "a key's file");
  return {write_certificate(path + ".pem", identity), path + ".key"};
}

}  // namespace

TestCertificates::TestCertificates() {
  std::string name = (std::filesystem::temp_directory_path() / "reprise-certificates-XXXXXX").string();
  demand(mkdtemp(name.data()) != nullptr, "a folder");
  folder_ = name;
  const auto at = [&](const char* file) { return (folder_ / file).string(); };
  const char* const here = "DNS:localhost,IP:127.0.0.1,IP:::1";

  const Identity root = make("test authority", nullptr, nullptr, -2 * kDay, kDay);
  const Identity other = make("other authority", nullptr, nullptr, -2 * kDay, kDay);
  authority = write_certificate(at("authority.pem"), root);
  other_authority = write_certificate(at("other_authority.pem"), other);
  good = write(at("good"), make("localhost", here, &root, -kDay, kDay));
  wrong_host = write(at("wrong_host"), make("exchange.example", "DNS:exchange.example", &root, -kDay, kDay));
  expired = write(at("expired"), make("localhost", here, &root, -2 * kDay, -kDay));
  self_signed = write(at("self_signed"), make("localhost", here, nullptr, -kDay, kDay));
}

TestCertificates::~TestCertificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace reprise::test
