#include "gateway/binance/market_streams.h"

#include <algorithm>
#include <set>

#include "config/values.h"

namespace reprise::gateway::binance {

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

// One route's streams, over as many sockets as it takes.
void add_route(std::vector<StreamPlan>& plans, const std::string& route, bool is_book,
               const std::vector<std::vector<StreamPlan::Stream>>& by_instrument, std::size_t most) {
  std::size_t sockets = 0;
  StreamPlan* open = nullptr;
  for (const auto& streams : by_instrument) {
    if (streams.empty()) continue;
    if (open == nullptr || open->streams.size() + streams.size() > most) {
      open = &plans.emplace_back();
      open->name = route + "-" + std::to_string(++sockets);
      open->is_book = is_book;
      open->target = "/" + route + "/stream?streams=";
    }
    for (const StreamPlan::Stream& stream : streams) {
      if (!open->streams.empty()) open->target += '/';
      open->target += stream.name;
      open->streams.push_back(stream);
    }
  }
}

}  // namespace

Result<std::vector<StreamPlan>> plan_streams(const std::vector<MarketInstrument>& instruments,
                                             const StreamChoice& choice) {
  if (instruments.empty()) return usage_error("no symbol was given", "name at least one, for example BTCUSDT");
  if (choice.depth_millis != 0 && choice.depth_millis != 100 && choice.depth_millis != 250 &&
      choice.depth_millis != 500)
    return usage_error(
        "book changes every " + std::to_string(choice.depth_millis) + " ms: the venue has no such stream",
        "take 0, 100, 250 or 500");
  if (choice.most_streams < 4 || choice.most_streams > 1024)
    return usage_error("streams of one socket: 4 to 1024, not " + std::to_string(choice.most_streams));
  std::set<std::string> seen;
  std::vector<std::vector<StreamPlan::Stream>> open(instruments.size()), market(instruments.size());
  for (std::size_t i = 0; i < instruments.size(); ++i) {
    const std::string& symbol = instruments[i].symbol;
    // The name becomes a part of a path.
    if (!config::is_symbol(symbol) || symbol.find(':') != std::string::npos)
      return usage_error("\"" + symbol + "\" is no symbol", "letters, digits and _, for example BTCUSDT");
    if (!seen.insert(symbol).second) return usage_error(symbol + " is named twice", "name each symbol once");
    const std::string s = lower(symbol);
    const auto add = [&](auto& route, bool wanted, const std::string& name, StreamKind kind) {
      if (wanted) route[i].push_back({s + name, kind, i});
    };
    add(open, choice.quotes, "@bookTicker", StreamKind::quotes);
    add(open, choice.depth,
        choice.depth_millis == 250 ? "@depth" : "@depth@" + std::to_string(choice.depth_millis) + "ms",
        StreamKind::depth);
    add(open, choice.trades && !choice.aggregate_trades, "@trade", StreamKind::trades);
    add(market, choice.trades && choice.aggregate_trades, "@aggTrade", StreamKind::aggregate_trades);
    add(market, choice.marks, "@markPrice@1s", StreamKind::marks);
    add(market, choice.liquidations, "@forceOrder", StreamKind::liquidations);
  }
  std::vector<StreamPlan> plans;
  add_route(plans, "public", true, open, choice.most_streams);
  add_route(plans, "market", false, market, choice.most_streams);
  if (plans.empty()) return usage_error("no stream was chosen", "quotes, depth, trades, marks or liquidations");
  return plans;
}

}  // namespace reprise::gateway::binance
