// The parameters of one request, in order: built by the client, parsed by the server.
//
// Client: add() keeps the order, query_text() is what goes on the wire and what is signed. Server: parse() takes query
// and form body as they came; where both name a parameter the query wins; a name twice in one part, bad
// percent-encoding, text that is not UTF-8 and more than the bounds are refused. The text that a signature covers is
// the raw text, never a re-encoding: split_signature() cuts it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/result.h"

namespace reprise::gateway::binance {

class Parameters {
 public:
  using Pair = std::pair<std::string, std::string>;
  static constexpr std::size_t kMaxCount = 256;
  static constexpr std::size_t kMaxBytes = 256u << 10;  // query and body together

  static Result<Parameters> parse(std::string_view query, std::string_view body);

  void add(std::string_view name, std::string_view value) { pairs_.emplace_back(name, value); }
  void add(std::string_view name, std::int64_t value) { add(name, std::string_view(std::to_string(value))); }
  void add(std::string_view name, bool) = delete;  // the venue wants "true" or "false": say which
  void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }

  // A parameter that was sent empty counts as absent: some clients send every optional one.
  const std::string* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::optional<std::string_view> text(std::string_view name) const;
  // Digits with an optional sign; nullopt where absent or anything else (has() tells the two apart).
  std::optional<std::int64_t> integer(std::string_view name) const;
  // A plain decimal at 1e-8, "true" or "false" in either case.
  std::optional<std::int64_t> decimal_e8(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;

  const std::vector<Pair>& pairs() const { return pairs_; }
  bool empty() const { return pairs_.empty(); }
  // "a=1&b=%E6%B5%8B": names and values percent-encoded, in order.
  std::string query_text() const;

 private:
  std::vector<Pair> pairs_;
};

// What the signature covers on REST: the two texts without '&' between them.
std::string rest_payload(std::string_view query, std::string_view body);
// On the WebSocket API: all parameters but `signature`, sorted by name, "k=v" joined with '&', nothing encoded.
std::string ws_payload(const Parameters& parameters);

struct SignedText {
  std::string payload;    // query and body as they came, without the signature parameter
  std::string signature;  // percent-decoded
};
// Error: there is no signature, it stands there twice, or its encoding is bad.
Result<SignedText> split_signature(std::string_view query, std::string_view body);

}  // namespace reprise::gateway::binance
