// Money and rates as a person reads them. Exact figures are in --json.
#pragma once

#include <string>

#include "engine/market/fixed.h"
#include "tools/terminal.h"

namespace reprise::tools {

std::string money_text(Money money);                    // "1,234.57", rounded to 0.01
std::string signed_money_text(Money money);             // "+1,234.57"
std::string rate_percent(Rate rate, int decimals = 2);  // "1.25 %"

}  // namespace reprise::tools
