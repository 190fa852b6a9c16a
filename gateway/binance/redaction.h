// Masks secrets in any text that leaves the program: logs, error texts, alerts, raw frames kept for people.
//
// Two nets. Registered secrets are found wherever they stand: as they are, percent-encoded, in base64 (at any of the
// three alignments, either alphabet), in hex, escaped as in JSON, and each line of a PEM. And the values of what is
// always secret (signature, listenKey, apiKey, X-MBX-APIKEY and others; the inside of a private key's PEM) are masked
// whether anybody registered them or not. Secrets are added at the start; then any number of threads may mask.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/binance/secret.h"

namespace reprise::gateway::binance {

class Redactor {
 public:
  static constexpr std::size_t kShortest = 6;  // a shorter secret would mask words of ordinary text
  static constexpr std::string_view kMask = "***";

  // False: shorter than kShortest, and found only where a field names it.
  [[nodiscard]] bool add(const Secret& secret);

  std::string masked(std::string_view text) const;
  // Whether a registered secret stands in `text` in any of its forms: what a test for leaks asks.
  bool finds_secret(std::string_view text) const;

 private:
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void add_form(std::string form);
  void add_forms(std::string_view text);
  void find_registered(std::string_view text, std::vector<Range>& ranges) const;

  std::vector<Secret> forms_;
};

}  // namespace reprise::gateway::binance
