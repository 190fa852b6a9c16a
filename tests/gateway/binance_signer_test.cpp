// Signatures: the venue's own vectors, vectors of a stranger's client, keys made here, and what is refused.
#include "gateway/binance/signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "gateway/binance/parameters.h"
#include "gateway/binance/text_encoding.h"
#include "tests/support/catch.h"

using namespace reprise::gateway::binance;

namespace {

constexpr std::string_view kDocSecret = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";
constexpr std::string_view kDocPayload =
    "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943";
constexpr std::string_view kEd25519Base64 = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
constexpr std::string_view kEd25519Signature =
    "ATEuJPvzWUFs0d1x9FwudUJsSfMMWR+bkdrxtbOYgFkZj36Ol/vwKDGm9UWtKuq0mtnSTOQruQAwFvR128PaDg==";

// The dashes apart, so that no scanner takes a test for a leaked key.
std::string pem(std::string_view label, std::string_view base64) {
  const std::string dashes = "-----";
  std::string text = dashes + "BEGIN " + std::string(label) + dashes + "\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) text.append(base64.substr(at, 64)).append("\n");
  return text + dashes + "END " + std::string(label) + dashes + "\n";
}

Signer signer(std::string_view key) {
  auto made = Signer::of_key(Secret::copy_of(key));
  if (!made) FAIL(made.error().text());
  return std::move(made).value();
}

std::string signature(const Signer& with, std::string_view payload) {
  const auto result = with.signature(payload);
  if (!result) FAIL(result.error().text());
  return result.value();
}

std::string key_refusal(std::string_view key) {
  auto made = Signer::of_key(Secret::copy_of(key));
  return made ? "" : made.error().text();
}

using PkeyPtr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

std::string private_pem(EVP_PKEY* key) {
  BIO* out = BIO_new(BIO_s_mem());
  REQUIRE(PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out, &text);
  std::string result(text, static_cast<std::size_t>(length));
  BIO_free(out);
  return result;
}

}  // namespace

TEST_CASE("the HMAC vectors of the documentation come out", "[gateway][binance]") {
  const Signer hmac = signer(kDocSecret);
  CHECK(hmac.kind() == KeyKind::hmac);
  CHECK(signature(hmac, kDocPayload) == "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9");
  const std::string mixed = rest_payload("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC",
                                         "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943");
  CHECK(signature(hmac, mixed) == "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4");
}

TEST_CASE("the HMAC vectors of a stranger's client come out", "[gateway][binance]") {
  const Signer hmac = signer("secretsecret");
  CHECK(signature(hmac,
                  "timestamp=1700000000000&symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.001&price=60000&"
                  "timeInForce=GTC&newClientOrderId=t1&recvWindow=10000") ==
        "ecca58ed3bbbeebb42ed4f582e35213cc634cc1818549f944902737ac9d7e64a");
  CHECK(signature(hmac, "timestamp=1700000000000&symbol=BTCUSDT&orderId=1&recvWindow=10000") ==
        "f0bb2fbc9e35d91b6dda14454174f29adedcd90baf7dccb1b3d57daeaf343545");
  CHECK(signature(hmac,
                  R"(timestamp=1700000000000&batchOrders=[{"symbol":"BTCUSDT","side":"BUY","type":"MARKET",)"
                  R"("quantity":"0.001","newClientOrderId":"x-cvBPrNm9ca4d04fe4a6d4e6ea0b4b2"}]&recvWindow=10000)") ==
        "97f27d2cbd3d2348f34ed34f6071a5100dff74d974495edd1d1dc221d3af6291");
  CHECK(signature(hmac, "timestamp=1700000000000&recvWindow=10000") ==
        "3f431b0fbcb1bf8956ac86740b3e9e04050431c9fc167e3d3c59e71e4cae6254");
}

TEST_CASE("the WebSocket API's payload is sorted by name, without the signature and not encoded",
          "[gateway][binance]") {
  Parameters order;
  for (const auto& [name, value] : std::vector<Parameters::Pair>{{"symbol", "BTCUSDT"},
                                                                 {"side", "BUY"},
                                                                 {"type", "LIMIT"},
                                                                 {"quantity", "0.001"},
                                                                 {"price", "60000"},
                                                                 {"timeInForce", "GTC"},
                                                                 {"newClientOrderId", "t1"},
                                                                 {"recvWindow", "5000"},
                                                                 {"timestamp", "1700000000000"},
                                                                 {"apiKey", "key"},
                                                                 {"signature", "whatever"}}) {
    order.add(name, std::string_view(value));
  }
  CHECK(ws_payload(order) ==
        "apiKey=key&newClientOrderId=t1&price=60000&quantity=0.001&recvWindow=5000&side=BUY&symbol=BTCUSDT&"
        "timeInForce=GTC&timestamp=1700000000000&type=LIMIT");
  CHECK(signature(signer("secretsecret"), ws_payload(order)) ==
        "021fb0bd7f3e521134735e55bdc0fbecea1fb709e5db8b03e0bc7a562f294511");
}

TEST_CASE("the Ed25519 vectors come out, raw and percent-encoded", "[gateway][binance]") {
  const Signer ed25519 = signer(pem("PRIVATE KEY", kEd25519Base64));
  CHECK(ed25519.kind() == KeyKind::ed25519);
  CHECK(signature(ed25519, kDocPayload) == kEd25519Signature);
  CHECK(ed25519.encoded_signature(kDocPayload).value() ==
        "ATEuJPvzWUFs0d1x9FwudUJsSfMMWR%2BbkdrxtbOYgFkZj36Ol%2FvwKDGm9UWtKuq0mtnSTOQruQAwFvR128PaDg%3D%3D");
  CHECK(signature(ed25519, "apiKey=key&timestamp=1700000000000") ==
        "RMRFzzlvdFT3BZqlHer7OrUEVkA262oxlz+43KA/UJY9gfI0MOGt+Qi5mN88+AP0Htvycto7t3B519GFINJVAg==");
  auto verifier = SignatureVerifier::of_public_key(ed25519.public_key_pem().value());
  REQUIRE(verifier.ok());
  CHECK(verifier->kind() == KeyKind::ed25519);
  CHECK(verifier->accepts(kDocPayload, kEd25519Signature));
}

TEST_CASE("a PEM whose line ends are escaped, as environments have it, is the same key", "[gateway][binance]") {
  std::string escaped;
  for (const char c : pem("PRIVATE KEY", kEd25519Base64)) escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  CHECK(signature(signer(escaped), kDocPayload) == kEd25519Signature);
}

TEST_CASE("an RSA signature of a key made here is verified by OpenSSL itself", "[gateway][binance]") {
  const PkeyPtr key(EVP_RSA_gen(2048), EVP_PKEY_free);
  REQUIRE(key);
  const Signer rsa = signer(private_pem(key.get()));
  CHECK(rsa.kind() == KeyKind::rsa);
  const std::string text = signature(rsa, kDocPayload);
  const std::string raw = base64_decoded(text).value();
  CHECK(raw.size() == 256);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  REQUIRE(EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  CHECK(EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(raw.data()), raw.size(),
                         reinterpret_cast<const unsigned char*>(kDocPayload.data()), kDocPayload.size()) == 1);
  EVP_MD_CTX_free(context);
  auto verifier = SignatureVerifier::of_public_key(rsa.public_key_pem().value());
  REQUIRE(verifier.ok());
  CHECK(verifier->accepts(kDocPayload, text));
  CHECK(percent_decoded(rsa.encoded_signature(kDocPayload).value()) == text);
}

TEST_CASE("a verifier refuses a changed payload, a changed signature and one of another form", "[gateway][binance]") {
  const Signer ed25519 = signer(pem("PRIVATE KEY", kEd25519Base64));
  auto by_key = SignatureVerifier::of_public_key(ed25519.public_key_pem().value());
  auto by_secret = SignatureVerifier::of_secret(Secret::copy_of(kDocSecret));
  REQUIRE((by_key.ok() && by_secret.ok()));
  const std::string hex = signature(signer(kDocSecret), kDocPayload);
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(by_secret->accepts(kDocPayload, hex));
  CHECK(by_secret->accepts(kDocPayload, upper));
  for (SignatureVerifier* verifier : {&*by_key, &*by_secret}) {
    const std::string good = verifier == &*by_key ? std::string(kEd25519Signature) : hex;
    CHECK(verifier->accepts(kDocPayload, good));
    CHECK_FALSE(verifier->accepts(std::string(kDocPayload) + " ", good));
    CHECK_FALSE(verifier->accepts(kDocPayload, ""));
    CHECK_FALSE(verifier->accepts(kDocPayload, good + "0"));
    CHECK_FALSE(verifier->accepts(kDocPayload, good.substr(1)));
    CHECK_FALSE(verifier->accepts(kDocPayload, std::string(good.size(), 'A')));
    CHECK_FALSE(verifier->accepts(kDocPayload, std::string(100'000, 'A')));
  }
  CHECK_FALSE(by_secret->accepts(kDocPayload, kEd25519Signature));
  CHECK_FALSE(by_key->accepts(kDocPayload, hex));
}

TEST_CASE("a key that cannot sign is refused with the reason, and the reason shows nothing of it",
          "[gateway][binance]") {
  CHECK(key_refusal("") == "the secret is empty");
  CHECK(key_refusal(pem("ENCRYPTED PRIVATE KEY", kEd25519Base64)).find("encrypted") != std::string::npos);
  CHECK(key_refusal(pem("PUBLIC KEY", kEd25519Base64)).find("PUBLIC KEY") != std::string::npos);
  CHECK(key_refusal(pem("PRIVATE KEY", kEd25519Base64.substr(0, 40))).find("cannot read") != std::string::npos);
  CHECK(key_refusal(pem("PRIVATE KEY", "!!!!")).find("well-formed") != std::string::npos);
  CHECK(key_refusal(pem("PRIVATE KEY", "")).find("well-formed") != std::string::npos);
  CHECK(key_refusal("-----BEGIN PRIVATE KEY").find("well-formed") != std::string::npos);
  const PkeyPtr short_rsa(EVP_RSA_gen(1024), EVP_PKEY_free);
  CHECK(key_refusal(private_pem(short_rsa.get())).find("2048") != std::string::npos);
  const PkeyPtr curve(EVP_EC_gen("P-256"), EVP_PKEY_free);
  CHECK(key_refusal(private_pem(curve.get())).find("neither RSA nor Ed25519") != std::string::npos);
  for (const std::string& text : {key_refusal(pem("PRIVATE KEY", kEd25519Base64.substr(0, 40)))}) {
    CHECK(text.find("MC4C") == std::string::npos);
  }
}
