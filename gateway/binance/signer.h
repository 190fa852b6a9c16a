// Signatures of the venue: HMAC-SHA256 (hex), RSA PKCS#1 v1.5 with SHA-256 and Ed25519 (both base64).
//
// What is signed: rest_payload() and ws_payload() in parameters.h. The key lies in a Secret; OpenSSL's own objects that
// hold it are made for one signature and freed, so that no copy of an HMAC secret or Ed25519 key stays on the heap (of
// an RSA key parts may: OpenSSL's decoder does not wipe all that it used). HMAC costs some microseconds a signature;
// Ed25519 takes twice and RSA three to four times as long as with a key kept loaded. Both classes may be used by
// several threads at once. Errors never contain key material.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/binance/secret.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

enum class KeyKind { hmac, rsa, ed25519 };
const char* name_of(KeyKind kind);  // "HMAC-SHA256", "RSA", "Ed25519"

class Signer {
 public:
  // What begins like a PEM is a private key (PKCS#8 or PKCS#1, not encrypted, RSA of 2048 bits at least); all else is
  // an HMAC secret.
  static Result<Signer> of_key(const Secret& key);
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;
  ~Signer();

  KeyKind kind() const { return kind_; }
  // As the WebSocket API wants it: hex or base64, not percent-encoded.
  Result<std::string> signature(std::string_view payload) const;
  // As a query or a form wants it.
  Result<std::string> encoded_signature(std::string_view payload) const;
  // PEM of the public half, to be given to a server; an error for HMAC.
  Result<std::string> public_key_pem() const;

 private:
  struct Tools;
  Signer(KeyKind kind, Secret key, std::unique_ptr<Tools> tools);
  KeyKind kind_;
  Secret key_;  // HMAC: the secret; Ed25519: the 32 bytes; RSA: the DER of the private key
  std::unique_ptr<Tools> tools_;
};

// The server's side. HMAC is compared in constant time.
class SignatureVerifier {
 public:
  static Result<SignatureVerifier> of_secret(const Secret& hmac_secret);
  static Result<SignatureVerifier> of_public_key(std::string_view pem);
  SignatureVerifier(SignatureVerifier&&) noexcept;
  SignatureVerifier& operator=(SignatureVerifier&&) noexcept;
  ~SignatureVerifier();

  KeyKind kind() const;
  // `signature` as Signer::signature() gives it; hex in either case.
  bool accepts(std::string_view payload, std::string_view signature) const;

 private:
  struct Impl;
  explicit SignatureVerifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::gateway::binance
