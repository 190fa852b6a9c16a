// Keys and secrets of the exchange server's accounts stay here. What goes in behind it has an account's name in place
// of its key and the signer's name in place of a signature; what comes out gets the key back. So neither the core nor
// its journal ever sees a key or a secret.
//
//   key          "account-1"; "unknown"; "" where none was sent
//   signature    signature_by("account-1"): it was made with that account's secret; signature_by(""): with nobody's
//
// Single-threaded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/binance/signer.h"
#include "gateway/exchange/request.h"
#include "journal/result.h"

namespace reprise::gateway::exchange {

std::string account_name(std::size_t number);  // from 1: "account-1"
std::string signature_by(std::string_view account);

class Doorkeeper {
 public:
  // Accounts are numbered in the order in which they are added.
  void add(std::string api_key, binance::SignatureVerifier verifier);

  HttpRequest admit(HttpRequest request) const;
  // A message on a WebSocket of any kind; what is no JSON object becomes "".
  std::string admit_message(std::string_view text) const;
  // An answer of the WebSocket API as its client sees it.
  std::string release(std::string_view text) const;

 private:
  struct Account {
    std::string api_key;
    std::string name;
    binance::SignatureVerifier verifier;
  };
  std::string name_of(std::string_view api_key) const;
  std::string without_credentials(std::string_view text, const std::string& signature) const;
  void hide_keys(std::string& text) const;
  // Who signed: the account that is asked for first, then any.
  std::string signer_of(std::string_view payload, std::string_view signature, std::string_view first) const;

  std::vector<Account> accounts_;
};

}  // namespace reprise::gateway::exchange
