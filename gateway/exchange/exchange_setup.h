// What an exchange is opened with, as the entries of its journal's Configuration record: a profile's keys, and those
// below "exchange.", which no profile has.
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"
#include "gateway/exchange/usage.h"
#include "journal/result.h"

namespace reprise::gateway::exchange {

struct ExchangeSetup {
  config::Config config;
  UsageLimits limits;
  std::vector<std::int64_t> balances_e8;  // of account-1, account-2, ...
  bool unrouted_has_all = false;          // streams of every kind on /ws and /stream

  config::Entries entries() const;
  static Result<ExchangeSetup> from(const config::Entries& entries);
};

}  // namespace reprise::gateway::exchange
