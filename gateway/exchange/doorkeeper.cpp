#include "gateway/exchange/doorkeeper.h"

#include <functional>

#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "gateway/binance/parameters.h"
#include "gateway/binance/text_encoding.h"
#include "gateway/exchange/control_message.h"
#include "gateway/exchange/rest_table.h"

namespace reprise::gateway::exchange {

namespace {

constexpr std::string_view kUnknownClient = "unknown";

// Fit to stand in a journal as text.
bool is_text(std::string_view text) {
  return binance::is_utf8(text) && text.find('\0') == std::string_view::npos;
}

// Below this a key is a word that may stand anywhere.
constexpr std::size_t kTellingKey = 16;

bool is_credential(std::string_view name) {
  return name == "apiKey" || name == "signature";
}

// Copies a message token by token. What stands under the name of a key or a signature, at any depth, is replaced.
class Rewriter {
 public:
  using NameOf = std::function<std::string(std::string_view key)>;
  Rewriter(NameOf name_of, std::string signature)
      : writer_(buffer_), name_of_(std::move(name_of)), signature_(std::move(signature)) {}
  using Size = rapidjson::SizeType;

  bool Null() { return writer_.Null(); }
  bool Bool(bool b) { return writer_.Bool(b); }
  bool Int(int) { return false; }  // numbers come as RawNumber
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, Size length, bool) {
    return hides() ? write(hidden({text, length})) : writer_.RawValue(text, length, rapidjson::kNumberType);
  }
  bool String(const char* text, Size length, bool) {
    return hides() ? write(hidden({text, length})) : writer_.String(text, length);
  }
  bool StartObject() {
    enter();
    return writer_.StartObject();
  }
  bool Key(const char* text, Size length, bool) {
    if (hidden_from_ == 0) last_key_.assign(text, length);
    return writer_.Key(text, length);
  }
  bool EndObject(Size) {
    leave();
    return writer_.EndObject();
  }
  bool StartArray() {
    enter();
    return writer_.StartArray();
  }
  bool EndArray(Size) {
    leave();
    return writer_.EndArray();
  }
  std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  void enter() {
    ++depth_;
    if (hidden_from_ == 0 && is_credential(last_key_)) hidden_from_ = depth_;
  }
  void leave() {
    if (hidden_from_ == depth_) {
      hidden_from_ = 0;
      last_key_.clear();
    }
    --depth_;
  }
  bool hides() const { return hidden_from_ != 0 || is_credential(last_key_); }
  std::string hidden(std::string_view value) const { return last_key_ == "apiKey" ? name_of_(value) : signature_; }
  bool write(const std::string& text) { return writer_.String(text.data(), static_cast<Size>(text.size())); }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
  NameOf name_of_;
  std::string signature_;
  std::string last_key_;
  int depth_ = 0;
  int hidden_from_ = 0;  // the depth below which everything is a credential's; 0: nothing is
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
  return std::string(kUnknownClient);
}

std::string Doorkeeper::signer_of(std::string_view payload, std::string_view signature, std::string_view first) const {
  for (const Account& account : accounts_)
    if (account.name == first && account.verifier.accepts(payload, signature)) return account.name;
  for (const Account& account : accounts_)
    if (account.name != first && account.verifier.accepts(payload, signature)) return account.name;
  return {};
}

// A query or form body without credentials; every other byte stays.
std::string Doorkeeper::without_credentials(std::string_view text, const std::string& signature) const {
  std::string out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('&', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    if (begin != 0) out += '&';
    std::string name, value;
    // Most are told by their first letter, which may be escaped.
    if (!part.empty() && (part[0] == 's' || part[0] == 'a' || part[0] == '%')) {
      if (auto parsed = binance::Parameters::parse(part, {}); parsed.ok() && parsed->pairs().size() == 1) {
        name = parsed->pairs()[0].first;
        value = parsed->pairs()[0].second;
      }
    }
    if (is_credential(name)) {
      out.append(name).append("=").append(name == "apiKey" ? name_of(value) : signature);
    } else {
      out.append(part);
    }
    begin = end + 1;
  }
  hide_keys(out);
  return out;
}

// Wherever else one of the keys stands.
void Doorkeeper::hide_keys(std::string& text) const {
  for (const Account& account : accounts_) {
    if (account.api_key.size() < kTellingKey) continue;
    for (std::size_t at = text.find(account.api_key); at != std::string::npos; at = text.find(account.api_key, at))
      text.replace(at, account.api_key.size(), account.name);
  }
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
  request.query = without_credentials(request.query, signature_by(signer));
  request.body = without_credentials(request.body, signature_by(signer));
  hide_keys(request.path);
  return request;
}

std::string Doorkeeper::admit_message(std::string_view text) const {
  if (!is_text(text)) return {};
  const ControlMessage message = ControlMessage::parse(text);
  if (!message.is_object) return {};
  const json::Value* params = message.params();
  std::string signer;
  if (params != nullptr && params->IsObject()) {
    const binance::Parameters given = json_parameters(*params);
    if (const auto signature = given.text("signature"); signature)
      signer = signer_of(binance::ws_payload(given), *signature, name_of(given.text("apiKey").value_or("")));
  }
  Rewriter rewriter([this](std::string_view key) { return name_of(key); }, signature_by(signer));
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  if (reader.Parse<json::kParseFlags>(stream, rewriter).IsError()) return {};
  std::string out = rewriter.text();
  hide_keys(out);
  return out;
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
