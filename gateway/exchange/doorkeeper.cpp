#include "gateway/exchange/doorkeeper.h"

#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "gateway/binance/parameters.h"
#include "gateway/binance/text_encoding.h"
#include "gateway/exchange/control_message.h"
#include "gateway/exchange/rest_table.h"

namespace reprise::gateway::exchange {

namespace {

constexpr std::string_view kUnknown = "unknown";

// Fit to stand in a journal as text.
bool is_text(std::string_view text) {
  return binance::is_utf8(text) && text.find('\0') == std::string_view::npos;
}

bool is_signature(std::string_view part) {
  auto parsed = binance::Parameters::parse(part, {});
  return parsed.ok() && parsed->pairs().size() == 1 && parsed->pairs()[0].first == "signature";
}

// A query or form body with another signature; every other byte stays.
std::string with_signature(std::string_view text, const std::string& signature) {
  std::string out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('&', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    if (begin != 0) out += '&';
    if (is_signature(part)) {
      out.append("signature=").append(signature);
    } else {
      out.append(part);
    }
    begin = end + 1;
  }
  return out;
}

// Copies a message token by token, with other texts for a key and a signature among its params.
class Rewriter {
 public:
  Rewriter(const std::string& key, const std::string& signature) : writer_(buffer_), key_(key), signature_(signature) {}
  using Size = rapidjson::SizeType;

  bool Null() { return writer_.Null(); }
  bool Bool(bool b) { return writer_.Bool(b); }
  bool Int(int) { return false; }  // numbers come as RawNumber
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, Size length, bool) {
    return replaces() ? write(replacement()) : writer_.RawValue(text, length, rapidjson::kNumberType);
  }
  bool String(const char* text, Size length, bool) {
    return replaces() ? write(replacement()) : writer_.String(text, length);
  }
  bool StartObject() {
    if (++depth_ == 2) in_params_ = last_key_ == "params";
    return writer_.StartObject();
  }
  bool Key(const char* text, Size length, bool) {
    last_key_.assign(text, length);
    return writer_.Key(text, length);
  }
  bool EndObject(Size) {
    if (--depth_ == 1) in_params_ = false;
    return writer_.EndObject();
  }
  bool StartArray() {
    ++depth_;
    return writer_.StartArray();
  }
  bool EndArray(Size) {
    --depth_;
    return writer_.EndArray();
  }
  std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  bool replaces() const { return depth_ == 2 && in_params_ && (last_key_ == "apiKey" || last_key_ == "signature"); }
  const std::string& replacement() const { return last_key_ == "apiKey" ? key_ : signature_; }
  bool write(const std::string& text) { return writer_.String(text.data(), static_cast<Size>(text.size())); }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
  std::string key_, signature_;
  std::string last_key_;
  int depth_ = 0;
  bool in_params_ = false;
};

}  // namespace

std::string account_name(std::size_t number) {
  return "account-" + std::to_string(number);
}

std::string signature_by(std::string_view account) {
  return account.empty() ? "by-nobody" : "by-" + std::string(account);
}

void Doorkeeper::add(std::string api_key, binance::SignatureVerifier verifier) {
  accounts_.push_back({std::move(api_key), account_name(accounts_.size() + 1), std::move(verifier)});
}

std::string Doorkeeper::name_of(std::string_view api_key) const {
  if (api_key.empty()) return {};
  for (const Account& account : accounts_)
    if (account.api_key == api_key) return account.name;
  return std::string(kUnknown);
}

std::string Doorkeeper::signer_of(std::string_view payload, std::string_view signature, std::string_view first) const {
  for (const Account& account : accounts_)
    if (account.name == first && account.verifier.accepts(payload, signature)) return account.name;
  for (const Account& account : accounts_)
    if (account.name != first && account.verifier.accepts(payload, signature)) return account.name;
  return {};
}

HttpRequest Doorkeeper::admit(HttpRequest request) const {
  // What is no text cannot be journaled as one; the venue refuses it either way.
  if (!is_text(request.query)) request.query = "%FF";
  if (!is_text(request.body)) request.body = "%FF";
  if (!is_text(request.path)) request.path = "/%FF";
  request.api_key = name_of(request.api_key);
  auto signed_text = binance::split_signature(request.query, request.body);
  const std::string signer =
      signed_text.ok() ? signer_of(signed_text->payload, signed_text->signature, request.api_key) : std::string();
  request.query = with_signature(request.query, signature_by(signer));
  request.body = with_signature(request.body, signature_by(signer));
  return request;
}

std::string Doorkeeper::admit_message(std::string_view text) const {
  if (!is_text(text)) return {};
  const ControlMessage message = ControlMessage::parse(text);
  if (!message.is_object) return {};
  const json::Value* params = message.params();
  std::string key;
  std::string signer;
  if (params != nullptr && params->IsObject()) {
    const binance::Parameters given = json_parameters(*params);
    key = name_of(given.text("apiKey").value_or(""));
    if (const auto signature = given.text("signature"); signature)
      signer = signer_of(binance::ws_payload(given), *signature, key);
  }
  Rewriter rewriter(key, signature_by(signer));
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  if (reader.Parse<json::kParseFlags>(stream, rewriter).IsError()) return {};
  return rewriter.text();
}

std::string Doorkeeper::release(std::string_view text) const {
  std::string out(text);
  for (const Account& account : accounts_) {
    const std::string shown = "\"apiKey\":\"" + account.name + "\"";
    if (const std::size_t at = out.find(shown); at != std::string::npos)
      out.replace(at, shown.size(), "\"apiKey\":\"" + account.api_key + "\"");
  }
  return out;
}

}  // namespace reprise::gateway::exchange
