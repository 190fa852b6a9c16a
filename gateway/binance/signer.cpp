#include "gateway/binance/signer.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <optional>
#include <utility>

#include "gateway/binance/text_encoding.h"

namespace reprise::gateway::binance {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using MacPtr = std::unique_ptr<EVP_MAC, Free<EVP_MAC_free>>;
using MacContextPtr = std::unique_ptr<EVP_MAC_CTX, Free<EVP_MAC_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;

constexpr int kMinRsaBits = 2048;
constexpr std::size_t kHmacBytes = 32;
constexpr std::size_t kEd25519KeyBytes = 32;
// PKCS#8 in front of the key (RFC 8410): version 0, the algorithm 1.3.101.112, an octet string in an octet string.
constexpr std::string_view kEd25519Head("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::span<char> text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// HMAC-SHA256 without a key, to be copied for each use: looking the algorithms up again would cost more than the rest.
MacContextPtr make_hmac() {
  const MacPtr mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  if (!mac) return nullptr;
  MacContextPtr context(EVP_MAC_CTX_new(mac.get()));
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_CTX_set_params(context.get(), params) != 1) return nullptr;
  return context;
}

bool hmac_sha256(const EVP_MAC_CTX* hmac, std::string_view key, std::string_view payload,
                 unsigned char (&out)[kHmacBytes]) {
  const MacContextPtr context(EVP_MAC_CTX_dup(hmac));
  std::size_t length = 0;
  return context && EVP_MAC_init(context.get(), bytes_of(key), key.size(), nullptr) == 1 &&
         EVP_MAC_update(context.get(), bytes_of(payload), payload.size()) == 1 &&
         EVP_MAC_final(context.get(), out, &length, sizeof out) == 1 && length == sizeof out;
}

// The DER inside of "-----BEGIN <label>-----", decoded by us: OpenSSL's reader leaves parts of it on the heap.
Result<Secret> der_of_pem(std::string_view pem, std::string& label) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kDashes = "-----";
  const auto malformed = [] { return usage_error("the private key is not a well-formed PEM"); };
  const std::size_t begin = pem.find(kBegin);
  if (begin == std::string_view::npos) return malformed();
  std::string_view rest = pem.substr(begin + kBegin.size());
  const std::size_t label_end = rest.find(kDashes);
  if (label_end == std::string_view::npos || label_end > 40) return malformed();
  label = rest.substr(0, label_end);
  rest.remove_prefix(label_end + kDashes.size());
  const std::size_t end = rest.find("-----END " + label + "-----");
  if (end == std::string_view::npos) return malformed();
  rest = rest.substr(0, end);
  // Keys in environment variables often have "\n" for the ends of lines.
  Secret packed = Secret::of_size(rest.size() + 1);
  std::size_t used = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == 'n' || rest[i + 1] == 'r')) {
      ++i;
    } else if (rest[i] != '\n' && rest[i] != '\r' && rest[i] != ' ' && rest[i] != '\t') {
      packed.bytes()[used++] = rest[i];
    }
  }
  packed.shorten(used);
  Secret der = Secret::of_size(used / 4 * 3 + 1);
  const auto written = base64_decode(packed.reveal(), der.bytes());
  if (!written || *written == 0) return malformed();
  der.shorten(*written);
  return der;
}

PkeyPtr private_key(KeyKind kind, const Secret& key) {
  const unsigned char* data = bytes_of(key.reveal());
  if (kind == KeyKind::ed25519) {
    return PkeyPtr(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data, key.size()));
  }
  return PkeyPtr(d2i_AutoPrivateKey(nullptr, &data, static_cast<long>(key.size())));
}

std::optional<KeyKind> kind_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return KeyKind::rsa;
    case EVP_PKEY_ED25519: return KeyKind::ed25519;
    default: return std::nullopt;
  }
}

Error unknown_kind() {
  return usage_error("the key is neither RSA nor Ed25519", "make an Ed25519 key and register its public half");
}
Error short_rsa(int bits) {
  return usage_error("the RSA key has " + std::to_string(bits) + " bits, 2048 are the least");
}

// Ed25519 hashes by itself and takes no digest.
const EVP_MD* digest_of(KeyKind kind) {
  return kind == KeyKind::rsa ? EVP_sha256() : nullptr;
}

Result<std::string> signed_by(KeyKind kind, EVP_PKEY* key, std::string_view payload) {
  const DigestPtr context(EVP_MD_CTX_new());
  std::size_t length = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, digest_of(kind), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &length, bytes_of(payload), payload.size()) != 1) {
    return io_error("OpenSSL could not begin a signature");
  }
  std::string raw(length, '\0');
  if (EVP_DigestSign(context.get(), bytes_of(std::span<char>(raw)), &length, bytes_of(payload), payload.size()) != 1) {
    return io_error("OpenSSL could not sign");
  }
  raw.resize(length);
  return base64_encoded(raw);
}

}  // namespace

const char* name_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::hmac: return "HMAC-SHA256";
    case KeyKind::rsa: return "RSA";
    case KeyKind::ed25519: return "Ed25519";
  }
  return "?";
}

struct Signer::Tools {
  MacContextPtr hmac;  // without a key
};

Signer::Signer(KeyKind kind, Secret key, std::unique_ptr<Tools> tools)
    : kind_(kind), key_(std::move(key)), tools_(std::move(tools)) {}
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;
Signer::~Signer() = default;

Result<Signer> Signer::of_key(const Secret& key) {
  auto tools = std::make_unique<Tools>();
  if (key.empty()) return usage_error("the secret is empty");
  if (key.reveal().find("-----BEGIN ") == std::string_view::npos) {
    tools->hmac = make_hmac();
    if (!tools->hmac) return io_error("OpenSSL offers no HMAC");
    return Signer(KeyKind::hmac, key.clone(), std::move(tools));
  }
  std::string label;
  auto der = der_of_pem(key.reveal(), label);
  if (label.find("ENCRYPTED") != std::string::npos || key.reveal().find("Proc-Type:") != std::string_view::npos) {
    return usage_error("the private key is encrypted",
                       "decrypt it into a file that only its owner may read: openssl pkcs8 -topk8 -nocrypt");
  }
  if (!der) return der.error();
  if (label != "PRIVATE KEY" && label != "RSA PRIVATE KEY") {
    return usage_error("a private key is needed, the PEM holds: " + label);
  }
  // The usual form of an Ed25519 key is read by hand: OpenSSL's decoders leave the key on the heap.
  if (der->size() == kEd25519Head.size() + kEd25519KeyBytes && der->reveal().starts_with(kEd25519Head)) {
    return Signer(KeyKind::ed25519, Secret::copy_of(der->reveal().substr(kEd25519Head.size())), std::move(tools));
  }
  const PkeyPtr loaded = private_key(KeyKind::rsa, *der);
  if (!loaded) return usage_error("OpenSSL cannot read the private key");
  const auto kind = kind_of(loaded.get());
  if (!kind) return unknown_kind();
  if (*kind == KeyKind::rsa) {
    const int bits = EVP_PKEY_get_bits(loaded.get());
    if (bits < kMinRsaBits) return short_rsa(bits);
    return Signer(*kind, std::move(der).value(), std::move(tools));
  }
  Secret raw = Secret::of_size(kEd25519KeyBytes);
  std::size_t length = raw.size();
  if (EVP_PKEY_get_raw_private_key(loaded.get(), bytes_of(raw.bytes()), &length) != 1 || length != raw.size()) {
    return usage_error("OpenSSL cannot read the private key");
  }
  return Signer(*kind, std::move(raw), std::move(tools));
}

Result<std::string> Signer::signature(std::string_view payload) const {
  if (kind_ == KeyKind::hmac) {
    unsigned char mac[kHmacBytes];
    if (!hmac_sha256(tools_->hmac.get(), key_.reveal(), payload, mac)) return io_error("OpenSSL could not sign");
    return hex_encoded({reinterpret_cast<const char*>(mac), sizeof mac});
  }
  const PkeyPtr key = private_key(kind_, key_);
  if (!key) return io_error("OpenSSL could not load the private key again");
  return signed_by(kind_, key.get(), payload);
}

Result<std::string> Signer::encoded_signature(std::string_view payload) const {
  auto plain = signature(payload);
  if (!plain || kind_ == KeyKind::hmac) return plain;
  return percent_encoded(*plain);
}

Result<std::string> Signer::public_key_pem() const {
  if (kind_ == KeyKind::hmac) return usage_error("an HMAC secret has no public half");
  const PkeyPtr key = private_key(kind_, key_);
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!key || !out || PEM_write_bio_PUBKEY(out.get(), key.get()) != 1) {
    return io_error("OpenSSL could not write the public key");
  }
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

struct SignatureVerifier::Impl {
  KeyKind kind = KeyKind::hmac;
  Secret secret;
  MacContextPtr hmac;
  PkeyPtr public_key;
};

SignatureVerifier::SignatureVerifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SignatureVerifier::SignatureVerifier(SignatureVerifier&&) noexcept = default;
SignatureVerifier& SignatureVerifier::operator=(SignatureVerifier&&) noexcept = default;
SignatureVerifier::~SignatureVerifier() = default;

Result<SignatureVerifier> SignatureVerifier::of_secret(const Secret& hmac_secret) {
  if (hmac_secret.empty()) return usage_error("the secret is empty");
  auto impl = std::make_unique<Impl>();
  impl->secret = hmac_secret.clone();
  impl->hmac = make_hmac();
  if (!impl->hmac) return io_error("OpenSSL offers no HMAC");
  return SignatureVerifier(std::move(impl));
}

Result<SignatureVerifier> SignatureVerifier::of_public_key(std::string_view pem) {
  auto impl = std::make_unique<Impl>();
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (in) impl->public_key.reset(PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr));
  if (!impl->public_key) return usage_error("the public key is not a well-formed PEM");
  const auto kind = kind_of(impl->public_key.get());
  if (!kind) return unknown_kind();
  const int bits = EVP_PKEY_get_bits(impl->public_key.get());
  if (*kind == KeyKind::rsa && bits < kMinRsaBits) return short_rsa(bits);
  impl->kind = *kind;
  return SignatureVerifier(std::move(impl));
}

KeyKind SignatureVerifier::kind() const {
  return impl_->kind;
}

bool SignatureVerifier::accepts(std::string_view payload, std::string_view signature) const {
  if (impl_->kind == KeyKind::hmac) {
    const auto given = signature.size() == 2 * kHmacBytes ? hex_decoded(signature) : std::nullopt;
    unsigned char mac[kHmacBytes];
    return given && hmac_sha256(impl_->hmac.get(), impl_->secret.reveal(), payload, mac) &&
           CRYPTO_memcmp(mac, given->data(), sizeof mac) == 0;
  }
  if (signature.size() > 4096) return false;
  const auto given = base64_decoded(signature);
  const DigestPtr context(EVP_MD_CTX_new());
  return given && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, digest_of(impl_->kind), nullptr, impl_->public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(*given), given->size(), bytes_of(payload), payload.size()) == 1;
}

}  // namespace reprise::gateway::binance
