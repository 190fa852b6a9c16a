// Certificates for tests, made by OpenSSL when the tests run: no key is kept in the tree.
//
// PEM files in a folder of their own that goes with the object: an authority, and servers' certificates signed by it.
#pragma once

#include <filesystem>
#include <string>

namespace reprise::test {

struct CertificateFiles {
  std::string certificate;
  std::string key;
};

class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  std::string authority;         // signed the four below
  std::string other_authority;   // signed none of them
  CertificateFiles good;         // for localhost, 127.0.0.1 and ::1
  CertificateFiles wrong_host;   // for exchange.example
  CertificateFiles expired;      // as good, until yesterday
  CertificateFiles self_signed;  // as good, signed by itself

 private:
  std::filesystem::path folder_;
};

}  // namespace reprise::test
