#include "sim/scenario/shaped_market.h"

#include <algorithm>

namespace reprise::sim::scenario {

namespace {

using journal::RecordBatch;
using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

// Levels a side that a bent market publishes.
constexpr std::size_t kDepth = 60;

void write_levels(capnp::List<schema::Level>::Builder out, const std::vector<Level>& levels) {
  for (unsigned i = 0; i < levels.size(); ++i) {
    out[i].setPrice(levels[i].price.e8);
    out[i].setQty(levels[i].qty.e8);
  }
}

// What turns one side of a book into another: changed and new levels, and removed ones with quantity 0.
std::vector<Level> difference(BestFirst from, const std::vector<Level>& to, bool bids) {
  std::vector<Level> out;
  std::size_t i = 0;
  std::size_t j = 0;
  const auto is_better = [bids](Price a, Price b) { return bids ? a > b : a < b; };
  while (i < from.size() || j < to.size()) {
    if (j == to.size() || (i < from.size() && is_better(from[i].price, to[j].price))) {
      out.push_back({from[i].price, Qty{}});
      ++i;
    } else if (i == from.size() || is_better(to[j].price, from[i].price)) {
      out.push_back(to[j]);
      ++j;
    } else {
      if (from[i].qty != to[j].qty) out.push_back(to[j]);
      ++i;
      ++j;
    }
  }
  return out;
}

}  // namespace

void ShapedMarket::declare(schema::Instrument::Reader record, InstrumentNo number) {
  symbol_ = record.getSymbol().cStr();
  number_ = number;
  tick_ = {record.getTickSize()};
  lot_ = {record.getLotSize()};
}

void ShapedMarket::begin_to_bend() {
  if (bends_) return;
  bends_ = true;
  sent_ = base_.book();
}

Price ShapedMarket::published_mid(UnixNanos now) const {
  if (!prices.mid().is_positive()) return {};
  return bends_ ? prices.apply(prices.mid(), now, Price{1}, Rounding::half_away) : prices.mid();
}

Rate ShapedMarket::spread() const {
  if (!bbo_bid_.is_positive() || !bbo_ask_.is_positive() || bbo_ask_ <= bbo_bid_) return {kScale / 10'000};
  return {mul_div(ratio(bbo_ask_ - bbo_bid_, bbo_bid_).e8, prices.spread_times(), kScale)};
}

Qty ShapedMarket::remaining(BookSideKind side, Price price, Qty qty) const {
  if (withdrawals.empty() || !prices.mid().is_positive()) return qty;
  const std::int64_t distance = ratio(price - prices.mid(), prices.mid()).abs().e8;
  for (const Withdrawal& w : withdrawals) {
    if (!(side == BookSideKind::bid ? w.bids : w.asks) || distance > w.within_e8) continue;
    qty = mul(qty, Rate{kScale - w.share_e8}, Rounding::floor);
  }
  return lot_.is_positive() ? floor_to(qty, lot_) : qty;
}

void ShapedMarket::bent_side(BookSideKind side, UnixNanos now, std::vector<Level>& out) const {
  out.clear();
  const Rounding rounding = side == BookSideKind::bid ? Rounding::floor : Rounding::ceiling;
  for (const Level& level : base_.book().levels(side)) {
    const Qty qty = remaining(side, level.price, level.qty);
    if (!qty.is_positive()) continue;
    const Price price = bend(level.price, now, rounding);
    if (!out.empty() && out.back().price == price) {
      out.back().qty += qty;
    } else if (out.size() == kDepth) {
      return;
    } else {
      out.push_back({price, qty});
    }
  }
}

void ShapedMarket::pass(const RecordView& record, const RecordHeader& header, UnixNanos now, RecordBatch& out) {
  switch (record.type()) {
    case RecordType::TRADE: pass_trade(record, header, now, out); break;
    case RecordType::BOOK_DELTA: pass_delta(record, header, now, out); break;
    case RecordType::BOOK_SNAPSHOT: pass_snapshot(record, header, now, out); break;
    case RecordType::BBO: pass_bbo(record, header, now, out); break;
    case RecordType::MARK_PRICE: pass_mark(record, header, now, out); break;
    case RecordType::MARKET_BAR: pass_bar(record, header, now, out); break;
    case RecordType::FUNDING_SETTLEMENT: {
      const auto r = journal::read<schema::FundingSettlement>(record);
      if (!bends_) {
        out.append_copy(header, record.body(), record.body_words());
        break;
      }
      out.append<schema::FundingSettlement>(RecordType::FUNDING_SETTLEMENT, header,
                                            [&](schema::FundingSettlement::Builder b) {
                                              b.setFundingRate(has_funding_rate ? funding_rate.e8 : r.getFundingRate());
                                              if (r.getMarkPrice() != 0)
                                                b.setMarkPrice(bend({r.getMarkPrice()}, now, Rounding::half_away).e8);
                                              b.setIntervalHours(r.getIntervalHours());
                                            });
      break;
    }
    case RecordType::LIQUIDATION_PRINT: {
      const auto r = journal::read<schema::LiquidationPrint>(record);
      out.append<schema::LiquidationPrint>(
          RecordType::LIQUIDATION_PRINT, header, [&](schema::LiquidationPrint::Builder b) {
            b.setSide(r.getSide());
            b.setPrice(bends_ ? bend({r.getPrice()}, now, Rounding::half_away).e8 : r.getPrice());
            b.setAvgPrice(bends_ ? bend({r.getAvgPrice()}, now, Rounding::half_away).e8 : r.getAvgPrice());
            b.setQty(r.getQty());
            b.setCumQty(r.getCumQty());
          });
      break;
    }
    default: out.append_copy(header, record.body(), record.body_words()); break;
  }
  if (!bursts.empty()) make_bursts(header, now, out);
}

void ShapedMarket::pass_delta(const RecordView& record, const RecordHeader& header, UnixNanos now, RecordBatch& out) {
  const auto r = journal::read<schema::BookDelta>(record);
  base_.on_delta(r, now);
  if (const auto mid = base_.book().mid(); mid && !bbo_bid_.is_positive()) prices.observe(*mid, now);
  if (!bends_) {
    out.append_copy(header, record.body(), record.body_words());
    return;
  }
  bent_side(BookSideKind::bid, now, scratch_);
  const std::vector<Level> bids = difference(sent_.bids(), scratch_, true);
  sent_.load_side(BookSideKind::bid, scratch_);
  bent_side(BookSideKind::ask, now, scratch_);
  const std::vector<Level> asks = difference(sent_.asks(), scratch_, false);
  sent_.load_side(BookSideKind::ask, scratch_);
  out.append<schema::BookDelta>(
      RecordType::BOOK_DELTA, header,
      [&](schema::BookDelta::Builder b) {
        b.setFirstUpdateId(r.getFirstUpdateId());
        b.setLastUpdateId(r.getLastUpdateId());
        b.setPrevLastUpdateId(r.getPrevLastUpdateId());
        b.setTsVenueSent(r.getTsVenueSent());
        b.setIsLastInEvent(r.getIsLastInEvent());
        write_levels(b.initBids(static_cast<unsigned>(bids.size())), bids);
        write_levels(b.initAsks(static_cast<unsigned>(asks.size())), asks);
      },
      2 + 2 * (bids.size() + asks.size()));
}

void ShapedMarket::pass_snapshot(const RecordView& record, const RecordHeader& header, UnixNanos now,
                                 RecordBatch& out) {
  const auto r = journal::read<schema::BookSnapshot>(record);
  base_.on_snapshot(r, now);
  if (const auto mid = base_.book().mid(); mid && !bbo_bid_.is_positive()) prices.observe(*mid, now);
  if (!bends_) {
    out.append_copy(header, record.body(), record.body_words());
    return;
  }
  std::vector<Level> bids;
  std::vector<Level> asks;
  bent_side(BookSideKind::bid, now, bids);
  bent_side(BookSideKind::ask, now, asks);
  sent_.load_snapshot(bids, asks);
  out.append<schema::BookSnapshot>(
      RecordType::BOOK_SNAPSHOT, header,
      [&](schema::BookSnapshot::Builder b) {
        b.setLastUpdateId(r.getLastUpdateId());
        b.setTsVenueSent(r.getTsVenueSent());
        b.setIsPartial(r.getIsPartial());
        write_levels(b.initBids(static_cast<unsigned>(bids.size())), bids);
        write_levels(b.initAsks(static_cast<unsigned>(asks.size())), asks);
      },
      2 + 2 * (bids.size() + asks.size()));
}

bool ShapedMarket::snapshot(const RecordHeader& header, RecordBatch& out) const {
  const OrderBook& book = bends_ ? sent_ : base_.book();
  if (book.is_empty() || !base_.is_usable() || base_.state() == BookFeedState::top_view) return false;
  std::vector<Level> bids(book.bids().begin(), book.bids().end());
  std::vector<Level> asks(book.asks().begin(), book.asks().end());
  out.append<schema::BookSnapshot>(
      RecordType::BOOK_SNAPSHOT, header,
      [&](schema::BookSnapshot::Builder b) {
        b.setLastUpdateId(base_.last_update_id());
        write_levels(b.initBids(static_cast<unsigned>(bids.size())), bids);
        write_levels(b.initAsks(static_cast<unsigned>(asks.size())), asks);
      },
      2 + 2 * (bids.size() + asks.size()));
  return true;
}

void ShapedMarket::pass_bbo(const RecordView& record, const RecordHeader& header, UnixNanos now, RecordBatch& out) {
  const auto r = journal::read<schema::Bbo>(record);
  bbo_bid_ = {r.getBidPrice()};
  bbo_ask_ = {r.getAskPrice()};
  if (bbo_bid_.is_positive() && bbo_ask_.is_positive()) {
    prices.observe({bbo_bid_.e8 + (bbo_ask_.e8 - bbo_bid_.e8) / 2}, now);
  }
  if (!bends_) {
    out.append_copy(header, record.body(), record.body_words());
    return;
  }
  // What is left at the best price; where nothing is, the best level of the book that still has something.
  const auto best = [&](BookSideKind side, Price price, Qty qty) -> Level {
    const Rounding rounding = side == BookSideKind::bid ? Rounding::floor : Rounding::ceiling;
    const Qty left = remaining(side, price, qty);
    if (left.is_positive() || !price.is_positive())
      return {price.is_positive() ? bend(price, now, rounding) : price, left};
    for (const Level& level : base_.book().levels(side)) {
      const Qty kept = remaining(side, level.price, level.qty);
      const bool is_behind = side == BookSideKind::bid ? level.price <= price : level.price >= price;
      if (is_behind && kept.is_positive()) return {bend(level.price, now, rounding), kept};
    }
    return {};
  };
  const Level bid = best(BookSideKind::bid, bbo_bid_, {r.getBidQty()});
  const Level ask = best(BookSideKind::ask, bbo_ask_, {r.getAskQty()});
  out.append<schema::Bbo>(RecordType::BBO, header, [&](schema::Bbo::Builder b) {
    b.setBidPrice(bid.price.e8);
    b.setBidQty(bid.qty.e8);
    b.setAskPrice(ask.price.e8);
    b.setAskQty(ask.qty.e8);
    b.setUpdateId(r.getUpdateId());
    b.setTsVenueSent(r.getTsVenueSent());
  });
}

void ShapedMarket::pass_trade(const RecordView& record, const RecordHeader& header, UnixNanos now, RecordBatch& out) {
  const auto r = journal::read<schema::Trade>(record);
  if (!bbo_bid_.is_positive() && base_.book().is_empty() && r.getKind() == schema::TradeKind::MARKET)
    prices.observe({r.getPrice()}, now);
  last_trade_id_ = r.getTradeId() + trades_added_;
  if (!bends_) {
    out.append_copy(header, record.body(), record.body_words());
    return;
  }
  const Rounding rounding = r.getAggressorSide() == Side::BUY    ? Rounding::ceiling
                            : r.getAggressorSide() == Side::SELL ? Rounding::floor
                                                                 : Rounding::half_away;
  out.append<schema::Trade>(RecordType::TRADE, header, [&](schema::Trade::Builder b) {
    b.setPrice(bend({r.getPrice()}, now, rounding).e8);
    b.setQty(r.getQty());
    b.setTradeId(last_trade_id_);
    b.setTsVenueSent(r.getTsVenueSent());
    b.setAggressorSide(r.getAggressorSide());
    b.setKind(r.getKind());
    b.setIsAggregate(r.getIsAggregate());
    if (r.getFirstTradeId() != 0) b.setFirstTradeId(r.getFirstTradeId() + trades_added_);
  });
}

void ShapedMarket::print(const RecordHeader& header, UnixNanos now, std::int64_t off_e8, Qty qty,
                         schema::TradeKind kind, Side side, RecordBatch& out) {
  const Price mid = published_mid(now);
  if (!mid.is_positive()) return;
  const std::int64_t step = tick_.is_positive() ? tick_.e8 : 1;
  const Price price{std::max(step, floor_to(mul(mid, Rate{kScale + off_e8}).e8, step))};
  ++trades_added_;
  ++last_trade_id_;
  out.append<schema::Trade>(RecordType::TRADE, header, [&](schema::Trade::Builder b) {
    b.setPrice(price.e8);
    b.setQty(qty.e8);
    b.setTradeId(last_trade_id_);
    b.setTsVenueSent(now.ns);
    b.setAggressorSide(side);
    b.setKind(kind);
  });
}

void ShapedMarket::make_bursts(const RecordHeader& like, UnixNanos now, RecordBatch& out) {
  RecordHeader header = like;
  header.ts_event = now.ns;
  for (Burst& burst : bursts) {
    const std::int64_t wanted = mul_div(now.ns - burst.since.ns, burst.per_second, 1'000'000'000, Rounding::floor);
    // At the best price of the side that it takes: half a spread from the mid.
    const std::int64_t half = spread().e8 / 2;
    for (std::int64_t n = 0; burst.made < wanted && n < 100; ++n, ++burst.made) {
      print(header, now, burst.side == Side::BUY ? half : -half, burst.qty, schema::TradeKind::MARKET, burst.side, out);
    }
    burst.made = std::max(burst.made, wanted);
  }
}

void ShapedMarket::pass_mark(const RecordView& record, const RecordHeader& header, UnixNanos now, RecordBatch& out) {
  const auto r = journal::read<schema::MarkPrice>(record);
  if (!prices.mid().is_positive()) prices.observe({r.getMarkPrice()}, now);
  if (!bends_) {
    last_mark_ = {r.getMarkPrice()};
    out.append_copy(header, record.body(), record.body_words());
    return;
  }
  // The premium of the mark over the market is the venue's business: spreads do not bend it.
  const auto scaled = [&](std::int64_t price) -> std::int64_t {
    return price == 0 ? 0 : mul_div(price, prices.factor(now), kFactorOne);
  };
  if (!mark_is_stuck || !last_mark_.is_positive()) {
    last_mark_ = mul(Price{scaled(r.getMarkPrice())}, Rate{kScale + mark_off_e8});
  }
  out.append<schema::MarkPrice>(RecordType::MARK_PRICE, header, [&](schema::MarkPrice::Builder b) {
    b.setMarkPrice(last_mark_.e8);
    b.setIndexPrice(scaled(r.getIndexPrice()));
    b.setFundingRate(has_funding_rate ? funding_rate.e8 : r.getFundingRate());
    b.setNextFundingTime(r.getNextFundingTime());
    b.setEstimatedSettlePrice(scaled(r.getEstimatedSettlePrice()));
    b.setIsFallback(r.getIsFallback());
  });
}

void ShapedMarket::pass_bar(const RecordView& record, const RecordHeader& header, UnixNanos now, RecordBatch& out) {
  const auto r = journal::read<schema::MarketBar>(record);
  if (!bends_) {
    prices.observe({r.getClose()}, now);
    out.append_copy(header, record.body(), record.body_words());
    return;
  }
  // Sixteen looks at the factor over the bar: opens and closes at its ends, reaches its extremes in between.
  const UnixNanos from{r.getOpenTime()};
  const std::int64_t span = std::max<std::int64_t>(0, now.ns - from.ns);
  constexpr int kLooks = 16;
  Price open;
  Price close;
  Price high;
  Price low;
  for (int i = 0; i <= kLooks; ++i) {
    const UnixNanos at{from.ns + span / kLooks * i};
    const auto bent = [&](std::int64_t price) { return prices.apply({price}, at, tick_, Rounding::half_away); };
    const Price middle{r.getOpen() + (r.getClose() - r.getOpen()) / kLooks * i};
    const Price here = bent(middle.e8);
    if (i == 0) open = high = low = here;
    if (i == kLooks) close = bent(r.getClose());
    high = std::max(high, here);
    low = std::min(low, here);
    if (i == kLooks / 2) {
      high = std::max(high, bent(r.getHigh()));
      low = std::min(low, bent(r.getLow()));
    }
  }
  high = std::max(high, close);
  low = std::min(low, close);
  prices.observe({r.getClose()}, now);
  const std::int64_t factor = prices.factor(now);
  out.append<schema::MarketBar>(RecordType::MARKET_BAR, header, [&](schema::MarketBar::Builder b) {
    b.setOpen(open.e8);
    b.setHigh(high.e8);
    b.setLow(low.e8);
    b.setClose(close.e8);
    b.setVolume(r.getVolume());
    b.setQuoteVolume(mul_div(r.getQuoteVolume(), factor, kFactorOne));
    b.setTradeCount(r.getTradeCount());
    b.setOpenTime(r.getOpenTime());
    b.setCloseTime(r.getCloseTime());
    b.setTakerBuyVolume(r.getTakerBuyVolume());
    b.setIsMarkPrice(r.getIsMarkPrice());
    b.setIsFinal(r.getIsFinal());
  });
}

void Withdrawal::persist(engine::StateArchive& archive) {
  archive.field("act", act);
  archive.field("bids", bids);
  archive.field("asks", asks);
  archive.field("share", share_e8);
  archive.field("within", within_e8);
}

void Burst::persist(engine::StateArchive& archive) {
  archive.field("act", act);
  archive.field("side", side);
  archive.field("per_second", per_second);
  archive.field("qty", qty);
  archive.field("since", since);
  archive.field("made", made);
}

void ShapedMarket::persist(engine::StateArchive& archive) {
  archive.field("prices", prices);
  archive.field("withdrawals", withdrawals);
  archive.field("bursts", bursts);
  archive.field("mark_is_stuck", mark_is_stuck);
  archive.field("mark_off", mark_off_e8);
  archive.field("has_funding_rate", has_funding_rate);
  archive.field("funding_rate", funding_rate);
  archive.field("symbol", symbol_);
  archive.field("number", number_);
  archive.field("tick", tick_);
  archive.field("lot", lot_);
  archive.field("bends", bends_);
  archive.field("base", base_);
  archive.field("sent", sent_);
  archive.field("bbo_bid", bbo_bid_);
  archive.field("bbo_ask", bbo_ask_);
  archive.field("last_mark", last_mark_);
  archive.field("last_trade_id", last_trade_id_);
  archive.field("trades_added", trades_added_);
}

}  // namespace reprise::sim::scenario
