#include "gateway/exchange/json_text.h"

namespace reprise::gateway::exchange {

std::string fixed_decimals(std::int64_t e8, int decimals) {
  std::string text = decimal_text(e8);
  if (decimals <= 0) return text;
  const std::size_t point = text.find('.');
  std::size_t have = 0;
  if (point == std::string::npos) {
    text += '.';
  } else {
    have = text.size() - point - 1;
  }
  if (have < static_cast<std::size_t>(decimals)) text.append(static_cast<std::size_t>(decimals) - have, '0');
  return text;
}

int decimals_of(std::int64_t step_e8) {
  if (step_e8 <= 0) return 8;
  int decimals = 8;
  while (decimals > 0 && step_e8 % 10 == 0) {
    step_e8 /= 10;
    --decimals;
  }
  return decimals;
}

}  // namespace reprise::gateway::exchange
