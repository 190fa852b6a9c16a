#include "tools/money_text.h"

namespace reprise::tools {

std::string money_text(Money money) {
  const bool negative = money.is_negative();
  const std::uint64_t magnitude =
      negative ? 0 - static_cast<std::uint64_t>(money.e8) : static_cast<std::uint64_t>(money.e8);
  const std::uint64_t cents = (magnitude + 500'000) / 1'000'000;
  std::string text = with_thousands(cents / 100) + "." + (cents % 100 < 10 ? "0" : "") + std::to_string(cents % 100);
  if (negative && cents != 0) text.insert(text.begin(), '-');
  return text;
}

std::string signed_money_text(Money money) {
  const std::string text = money_text(money);
  return text[0] == '-' || text == "0.00" ? text : "+" + text;
}

std::string rate_percent(Rate rate, int decimals) {
  return fixed_text(static_cast<double>(rate.e8) / 1e6, decimals) + " %";
}

}  // namespace reprise::tools
