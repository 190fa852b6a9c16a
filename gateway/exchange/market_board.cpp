#include "gateway/exchange/market_board.h"
#include "engine/market/fixed.h"

#include <algorithm>
#include <cctype>

namespace reprise::gateway::exchange {

namespace {

constexpr std::size_t kKeptTrades = 1000;
constexpr std::size_t kKeptFundings = 1000;
constexpr std::int64_t kPeriods[] = {0, 100 * kMillisecond, 250 * kMillisecond, 500 * kMillisecond};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}
// "@100ms"; the default speed of 250 ms has no suffix.
std::string speed_suffix(std::int64_t period_ns) {
  if (period_ns == 250 * kMillisecond) return {};
  return "@" + std::to_string(period_ns / kMillisecond) + "ms";
}

void write_changes(JsonText& out, const char* name, const std::map<std::int64_t, std::int64_t>& changes,
                   const BoardInstrument& i) {
  out.key(name).open_list();
  for (const auto& [price, qty] : changes) {
    out.open_list()
        .text(fixed_decimals(price, i.price_decimals))
        .text(fixed_decimals(qty, i.qty_decimals))
        .close_list();
  }
  out.close_list();
}

}  // namespace

void write_levels(JsonText& out, const char* name, BestFirst levels, std::size_t limit, const BoardInstrument& i) {
  out.key(name).open_list();
  for (const Level& level : levels) {
    if (limit-- == 0) break;
    out.open_list()
        .text(fixed_decimals(level.price.e8, i.price_decimals))
        .text(fixed_decimals(level.qty.e8, i.qty_decimals))
        .close_list();
  }
  out.close_list();
}

std::optional<Level> BoardInstrument::best(BookSideKind side) const {
  const bool book_is_usable = feed.is_usable();
  if (has_top_feed_ && (!book_is_usable || top_id_ == 0 || top_id_ > feed.last_update_id())) {
    const Level& level = side == BookSideKind::bid ? top_bid_ : top_ask_;
    if (level.qty.is_positive()) return level;
    return std::nullopt;
  }
  if (!book_is_usable) return std::nullopt;
  return feed.book().best(side);
}

BoardInstrument& MarketBoard::slot(InstrumentNo number) {
  auto& owned = instruments_[number];
  if (owned == nullptr) {
    owned = std::make_unique<BoardInstrument>();
    for (const std::int64_t period : kPeriods) {
      BoardInstrument::Window& window = owned->windows_.emplace_back();
      window.period_ns = period;
    }
  }
  return *owned;
}

const BoardInstrument* MarketBoard::find(InstrumentNo number) const {
  const auto found = instruments_.find(number);
  return found == instruments_.end() ? nullptr : found->second.get();
}

const BoardInstrument* MarketBoard::find(std::string_view symbol) const {
  const auto found = by_symbol_.find(symbol);
  return found == by_symbol_.end() ? nullptr : find(found->second);
}

void MarketBoard::declare(const journal::RecordView& record, InstrumentNo number) {
  if (record.type() == journal::RecordType::INSTRUMENT) {
    table_.declare(number, journal::read<schema::Instrument>(record));
  } else {
    table_.set_margin(number, journal::read<schema::MarginTable>(record));
  }
  const Instrument* known = table_.find(number);
  if (known == nullptr) return;
  BoardInstrument& i = slot(number);
  i.instrument = *known;
  i.stream = lower(known->symbol);
  i.price_decimals = decimals_of(known->tick_size.e8);
  i.qty_decimals = decimals_of(known->lot_size.e8);
  by_symbol_[known->symbol] = number;
}

void MarketBoard::on_market(const journal::RecordView& record, InstrumentNo number, UnixNanos now, UnixNanos happened) {
  if (next_second_.ns == 0) {
    next_second_ = {(now.ns / kSecond + 1) * kSecond};
    plan(next_second_);
  }
  using journal::RecordType;
  if (number == 0) return;
  switch (record.type()) {
    case RecordType::INSTRUMENT:
    case RecordType::MARGIN_TABLE: declare(record, number); return;
    default: break;
  }
  const auto found = instruments_.find(number);
  if (found == instruments_.end()) return;
  BoardInstrument& i = *found->second;
  switch (record.type()) {
    case RecordType::TRADE: on_trade(i, journal::read<schema::Trade>(record), now, happened); break;
    case RecordType::BOOK_DELTA: on_delta(i, journal::read<schema::BookDelta>(record), now); break;
    case RecordType::BOOK_SNAPSHOT: on_snapshot(i, journal::read<schema::BookSnapshot>(record), now); break;
    case RecordType::BBO: {
      const auto bbo = journal::read<schema::Bbo>(record);
      i.top_bid_ = {Price::of_e8(bbo.getBidPrice()), Qty::of_e8(bbo.getBidQty())};
      i.top_ask_ = {Price::of_e8(bbo.getAskPrice()), Qty::of_e8(bbo.getAskQty())};
      i.top_id_ = bbo.getUpdateId();
      i.has_top_feed_ = true;
      send_top(i, now);
      break;
    }
    case RecordType::MARK_PRICE: {
      const auto mark = journal::read<schema::MarkPrice>(record);
      if (mark.getMarkPrice() > 0) {
        i.mark = Price{mark.getMarkPrice()};
        i.marks.add_price(happened, *i.mark);
      }
      if (mark.getIndexPrice() > 0) {
        i.index = Price{mark.getIndexPrice()};
        i.indices.add_price(happened, *i.index);
      }
      i.funding_rate = {mark.getFundingRate()};
      i.next_funding = {mark.getNextFundingTime()};
      break;
    }
    case RecordType::FUNDING_SETTLEMENT: {
      const auto funding = journal::read<schema::FundingSettlement>(record);
      const Price mark{funding.getMarkPrice()};
      i.fundings.push_back(
          {happened, {funding.getFundingRate()}, mark.is_positive() ? mark : i.mark.value_or(Price{})});
      if (i.fundings.size() > kKeptFundings) i.fundings.pop_front();
      break;
    }
    case RecordType::MARKET_BAR: {
      const auto bar = journal::read<schema::MarketBar>(record);
      if (bar.getIsMarkPrice()) {
        i.mark = Price{bar.getClose()};
      } else {
        i.last = Price{bar.getClose()};
      }
      break;
    }
    case RecordType::INSTRUMENT_STATUS:
      i.instrument.state = journal::read<schema::InstrumentStatus>(record).getState();
      break;
    case RecordType::FEED_DISCONNECTED: i.feed.on_disconnect(); break;
    case RecordType::LIQUIDATION_PRINT: {
      const std::string name = i.stream + "@forceOrder";
      if (!hub_.wants(name) && !hub_.wants("!forceOrder@arr")) break;
      const auto print = journal::read<schema::LiquidationPrint>(record);
      JsonText out;
      out.open().field("e", "forceOrder").field("E", ms(now)).key("o").open();
      out.field("s", i.instrument.symbol).field("S", print.getSide() == Side::BUY ? "BUY" : "SELL");
      out.field("o", "LIMIT").field("f", "IOC").decimal("q", print.getQty(), i.qty_decimals);
      out.decimal("p", print.getPrice(), i.price_decimals).decimal("ap", print.getAvgPrice(), i.price_decimals);
      out.field("X", "FILLED").decimal("l", print.getQty(), i.qty_decimals);
      out.decimal("z", print.getCumQty(), i.qty_decimals).field("T", ms(happened)).close().close();
      hub_.publish(name, out.str());
      hub_.publish("!forceOrder@arr", out.str());
      break;
    }
    default: break;
  }
}

void MarketBoard::set_mark(InstrumentNo number, Price mark) {
  const auto found = instruments_.find(number);
  if (found != instruments_.end()) found->second->mark = mark;
}

std::int64_t MarketBoard::snapshot_id(InstrumentNo number) {
  return ++slot(number).update_id;
}

void MarketBoard::on_trade(BoardInstrument& i, schema::Trade::Reader trade, UnixNanos now, UnixNanos happened) {
  if (trade.getKind() != schema::TradeKind::MARKET || trade.getPrice() <= 0 || trade.getQty() <= 0) return;
  PublicTrade t;
  t.id = trade.getTradeId() > i.last_trade_id_ ? trade.getTradeId() : i.last_trade_id_ + 1;
  i.last_trade_id_ = t.id;
  t.first_id = trade.getIsAggregate() && trade.getFirstTradeId() != 0 ? trade.getFirstTradeId() : t.id;
  t.last_id = t.id;
  t.price = {trade.getPrice()};
  t.qty = {trade.getQty()};
  t.time = happened;
  t.buyer_is_maker = trade.getAggressorSide() == Side::SELL;
  i.last = t.price;
  i.trades.push_back(t);
  if (i.trades.size() > kKeptTrades) i.trades.pop_front();

  const Money quote = t.price * t.qty;
  const Qty bought = t.buyer_is_maker ? Qty{} : t.qty;
  const Money bought_quote = t.buyer_is_maker ? Money{} : quote;
  i.traded.add({happened, t.price, t.price, t.price, t.price, t.qty, bought, quote, bought_quote,
                t.last_id - t.first_id + 1, t.first_id, t.last_id});

  if (const std::string name = i.stream + "@aggTrade"; hub_.wants(name)) {
    JsonText out;
    out.open().field("e", "aggTrade").field("E", ms(now)).field("a", t.id).field("s", i.instrument.symbol);
    out.decimal("p", t.price, i.price_decimals)
        .decimal("q", t.qty, i.qty_decimals)
        .decimal("nq", t.qty, i.qty_decimals);
    out.field("f", t.first_id).field("l", t.last_id).field("T", ms(t.time)).field("m", t.buyer_is_maker).field("st", 1);
    hub_.publish(name, out.close().str());
  }
  if (const std::string name = i.stream + "@trade"; hub_.wants(name)) {
    JsonText out;
    out.open().field("e", "trade").field("E", ms(now)).field("T", ms(t.time)).field("s", i.instrument.symbol);
    out.field("t", t.id).decimal("p", t.price, i.price_decimals).decimal("q", t.qty, i.qty_decimals);
    hub_.publish(name, out.field("X", "MARKET").field("m", t.buyer_is_maker).close().str());
  }
}

bool MarketBoard::wants_book(const BoardInstrument& i, std::int64_t period_ns) const {
  return hub_.wants(i.stream + "@depth" + speed_suffix(period_ns));
}

bool MarketBoard::wants_any_book(const BoardInstrument& i) const {
  return std::any_of(std::begin(kPeriods), std::end(kPeriods),
                     [&](std::int64_t period) { return wants_book(i, period); });
}

void MarketBoard::on_delta(BoardInstrument& i, schema::BookDelta::Reader delta, UnixNanos now) {
  const BookFeedOutcome outcome = i.feed.on_delta(delta, now);
  if (!outcome.book_changed()) return;
  Changes bids;
  Changes asks;
  if (wants_any_book(i)) {
    for (const auto level : delta.getBids()) bids[level.getPrice()] = level.getQty();
    for (const auto level : delta.getAsks()) asks[level.getPrice()] = level.getQty();
  }
  note_changes(i, bids, asks, now);
  if (!i.has_top_feed_) send_top(i, now);
}

void MarketBoard::on_snapshot(BoardInstrument& i, schema::BookSnapshot::Reader snapshot, UnixNanos now) {
  // What a stream sends for it: every level that is another one than before.
  Changes bids;
  Changes asks;
  const bool is_wanted = wants_any_book(i);
  if (is_wanted) {
    for (const Level& level : i.feed.book().bids()) bids[level.price.e8] = 0;
    for (const Level& level : i.feed.book().asks()) asks[level.price.e8] = 0;
  }
  if (!i.feed.on_snapshot(snapshot, now).book_changed()) return;
  if (is_wanted) {
    for (const Level& level : i.feed.book().bids()) bids[level.price.e8] = level.qty.e8;
    for (const Level& level : i.feed.book().asks()) asks[level.price.e8] = level.qty.e8;
  }
  note_changes(i, bids, asks, now);
  if (!i.has_top_feed_) send_top(i, now);
}

void MarketBoard::note_changes(BoardInstrument& i, const Changes& bids, const Changes& asks, UnixNanos now) {
  ++i.update_id;
  for (BoardInstrument::Window& window : i.windows_) {
    if (wants_book(i, window.period_ns)) {
      for (const auto& [price, qty] : bids) window.bids[price] = qty;
      for (const auto& [price, qty] : asks) window.asks[price] = qty;
    } else {  // nobody listens: as good as sent
      window.bids.clear();
      window.asks.clear();
      window.last_sent = i.update_id;
    }
    if (window.period_ns == 0) {
      send_window(i, window, now);
      continue;
    }
    if (window.waits) continue;
    window.waits = true;
    window.due = {(now.ns / window.period_ns + 1) * window.period_ns};
    plan(window.due);
  }
}

void MarketBoard::send_window(BoardInstrument& i, BoardInstrument::Window& window, UnixNanos now) {
  window.waits = false;
  if (!window.bids.empty() || !window.asks.empty()) {
    JsonText out;
    out.open().field("e", "depthUpdate").field("E", ms(now)).field("T", ms(now)).field("s", i.instrument.symbol);
    out.field("ps", i.instrument.symbol).field("U", window.last_sent + 1).field("u", i.update_id);
    out.field("pu", window.last_sent);
    write_changes(out, "b", window.bids, i);
    write_changes(out, "a", window.asks, i);
    out.field("st", 1).close();
    window.last_sent = i.update_id;
    window.bids.clear();
    window.asks.clear();
    hub_.publish(i.stream + "@depth" + speed_suffix(window.period_ns), out.str());
  }
  if (window.period_ns != 0) send_partials(i, window.period_ns, now);
}

void MarketBoard::send_partials(BoardInstrument& i, std::int64_t period_ns, UnixNanos now) {
  for (const int depth : {5, 10, 20}) {
    const std::string name = i.stream + "@depth" + std::to_string(depth) + speed_suffix(period_ns);
    if (!hub_.wants(name) || !i.feed.is_usable()) continue;
    JsonText out;
    out.open().field("e", "depthUpdate").field("E", ms(now)).field("T", ms(now)).field("s", i.instrument.symbol);
    out.field("ps", i.instrument.symbol).field("U", i.update_id).field("u", i.update_id).field("pu", i.update_id - 1);
    write_levels(out, "b", i.feed.book().bids(), static_cast<std::size_t>(depth), i);
    write_levels(out, "a", i.feed.book().asks(), static_cast<std::size_t>(depth), i);
    hub_.publish(name, out.field("st", 1).close().str());
  }
}

void MarketBoard::send_top(BoardInstrument& i, UnixNanos now) {
  const Level bid = i.best_bid().value_or(Level{});
  const Level ask = i.best_ask().value_or(Level{});
  const auto is_same = [](const Level& a, const Level& b) { return a.price == b.price && a.qty == b.qty; };
  if (is_same(bid, i.sent_bid_) && is_same(ask, i.sent_ask_)) return;
  i.sent_bid_ = bid;
  i.sent_ask_ = ask;
  const std::string name = i.stream + "@bookTicker";
  if (!hub_.wants(name) && !hub_.wants("!bookTicker")) return;
  JsonText out;
  out.open().field("e", "bookTicker").field("u", i.update_id).field("s", i.instrument.symbol);
  out.field("ps", i.instrument.symbol).decimal("b", bid.price, i.price_decimals).decimal("B", bid.qty, i.qty_decimals);
  out.decimal("a", ask.price, i.price_decimals).decimal("A", ask.qty, i.qty_decimals);
  out.field("T", ms(now)).field("E", ms(now)).field("st", 1).close();
  hub_.publish(name, out.str());
  hub_.publish("!bookTicker", out.str());
}

void MarketBoard::send_marks(UnixNanos now) {
  const bool is_third = now.ns / kSecond % 3 == 0;
  JsonText all;
  all.open_list();
  const bool wants_all = hub_.wants("!markPrice@arr@1s") || (is_third && hub_.wants("!markPrice@arr"));
  for (const auto& [number, owned] : instruments_) {
    const BoardInstrument& i = *owned;
    const std::string slow = i.stream + "@markPrice";
    const std::string fast = slow + "@1s";
    if (!i.mark || (!wants_all && !hub_.wants(fast) && !(is_third && hub_.wants(slow)))) continue;
    JsonText out;
    out.open().field("e", "markPriceUpdate").field("E", ms(now)).field("s", i.instrument.symbol);
    out.decimal("p", *i.mark, 8).decimal("ap", *i.mark, 8).decimal("P", *i.mark, 8);
    out.decimal("i", i.index.value_or(*i.mark), 8).decimal("r", i.funding_rate, 8).field("T", ms(i.next_funding));
    const std::string text = out.field("st", 1).close().str();
    hub_.publish(fast, text);
    if (is_third) hub_.publish(slow, text);
    if (wants_all) all.raw(text);
  }
  if (!wants_all) return;
  all.close_list();
  hub_.publish("!markPrice@arr@1s", all.str());
  if (is_third) hub_.publish("!markPrice@arr", all.str());
}

MarketBoard::DayStatistics MarketBoard::day(const BoardInstrument& i) {
  DayStatistics d;
  if (const std::optional<MinuteBar> sum = i.traded.sum_of_last(1440)) {
    d.open = sum->open;
    d.high = sum->high;
    d.low = sum->low;
    d.last = sum->close;
    d.volume = sum->volume;
    d.quote_volume = sum->quote_volume;
    d.trades = sum->trades;
    d.first_id = sum->first_id;
    d.last_id = sum->last_id;
    d.open_time = sum->open_time;
  }
  if (d.volume.is_positive()) d.weighted = div(d.quote_volume, d.volume);
  if (!i.trades.empty()) d.last_qty = i.trades.back().qty;
  return d;
}

void MarketBoard::send_bars(UnixNanos now) {
  for (const auto& [number, owned] : instruments_) {
    const BoardInstrument& i = *owned;
    for (const MinuteBars::Interval& interval : MinuteBars::intervals()) {
      const std::string name = i.stream + "@kline_" + interval.name;
      if (!hub_.wants(name)) continue;
      const std::vector<MinuteBar> last = i.traded.bars(interval.name, 1);
      if (last.empty()) continue;
      const MinuteBar& bar = last.front();
      JsonText out;
      out.open().field("e", "kline").field("E", ms(now)).field("s", i.instrument.symbol).key("k").open();
      out.field("t", ms(bar.open_time)).field("T", ms({bar.open_time.ns + interval.ns}) - 1);
      out.field("s", i.instrument.symbol).field("i", interval.name).field("f", bar.first_id).field("L", bar.last_id);
      out.decimal("o", bar.open, i.price_decimals).decimal("c", bar.close, i.price_decimals);
      out.decimal("h", bar.high, i.price_decimals).decimal("l", bar.low, i.price_decimals);
      out.decimal("v", bar.volume, i.qty_decimals).field("n", bar.trades);
      out.field("x", now.ns >= bar.open_time.ns + interval.ns).decimal("q", bar.quote_volume);
      out.decimal("V", bar.taker_buy_volume, i.qty_decimals).decimal("Q", bar.taker_buy_quote).field("B", "0");
      hub_.publish(name, out.close().close().str());
    }
  }
}

void MarketBoard::send_statistics(UnixNanos now) {
  const bool wants_all_small = hub_.wants("!miniTicker@arr");
  const bool wants_all_full = hub_.wants("!ticker@arr");
  JsonText all_small;
  JsonText all_full;
  all_small.open_list();
  all_full.open_list();
  for (const auto& [number, owned] : instruments_) {
    const BoardInstrument& i = *owned;
    const std::string small = i.stream + "@miniTicker";
    const std::string full = i.stream + "@ticker";
    const bool wants_small = wants_all_small || hub_.wants(small);
    const bool wants_full = wants_all_full || hub_.wants(full);
    if (i.traded.minutes().empty() || (!wants_small && !wants_full)) continue;
    const DayStatistics d = day(i);
    if (wants_small) {
      JsonText out;
      out.open().field("e", "24hrMiniTicker").field("E", ms(now)).field("s", i.instrument.symbol);
      out.decimal("c", d.last, i.price_decimals).decimal("o", d.open, i.price_decimals);
      out.decimal("h", d.high, i.price_decimals).decimal("l", d.low, i.price_decimals);
      out.decimal("v", d.volume, i.qty_decimals).decimal("q", d.quote_volume);
      const std::string text = out.field("ps", i.instrument.symbol).field("st", 1).close().str();
      hub_.publish(small, text);
      all_small.raw(text);
    }
    if (wants_full) {
      const PriceDelta change = d.last - d.open;
      JsonText out;
      out.open().field("e", "24hrTicker").field("E", ms(now)).field("s", i.instrument.symbol);
      out.decimal("p", change.e8, i.price_decimals);
      out.decimal("P", d.open.is_positive() ? mul_div(change.e8, 100 * kScale, d.open.e8) : 0, 3);
      out.decimal("w", d.weighted, i.price_decimals).decimal("c", d.last, i.price_decimals);
      out.decimal("Q", d.last_qty, i.qty_decimals).decimal("o", d.open, i.price_decimals);
      out.decimal("h", d.high, i.price_decimals).decimal("l", d.low, i.price_decimals);
      out.decimal("v", d.volume, i.qty_decimals).decimal("q", d.quote_volume).field("O", ms(d.open_time));
      out.field("C", ms(now)).field("F", d.first_id).field("L", d.last_id).field("n", d.trades);
      const std::string text = out.field("ps", i.instrument.symbol).field("st", 1).close().str();
      hub_.publish(full, text);
      all_full.raw(text);
    }
  }
  if (wants_all_small) hub_.publish("!miniTicker@arr", all_small.close_list().str());
  if (wants_all_full) hub_.publish("!ticker@arr", all_full.close_list().str());
}

void MarketBoard::on_timer(UnixNanos now) {
  if (next_timer_.ns == 0 || now < next_timer_) return;
  next_timer_ = {};
  for (const auto& [number, owned] : instruments_) {
    for (BoardInstrument::Window& window : owned->windows_) {
      if (!window.waits) continue;
      if (window.due <= now) {
        send_window(*owned, window, now);
      } else {
        plan(window.due);
      }
    }
  }
  if (next_second_.ns != 0 && next_second_ <= now) {
    send_marks(next_second_);
    send_bars(next_second_);
    if (next_second_.ns / kSecond % 2 == 0) send_statistics(next_second_);
    next_second_ = {(now.ns / kSecond + 1) * kSecond};
  }
  if (next_second_.ns != 0) plan(next_second_);
}

}  // namespace reprise::gateway::exchange
