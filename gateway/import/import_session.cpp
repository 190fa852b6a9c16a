#include "gateway/import/import_session.h"

#include <algorithm>

namespace reprise::gateway {

using journal::RecordHeader;
using journal::RecordType;
using schema::FeedAnomalyKind;
using schema::GapReason;

namespace {

const char* name_of(FeedAnomalyKind kind) {
  switch (kind) {
    case FeedAnomalyKind::CROSSED_BOOK: return "crossedBook";
    case FeedAnomalyKind::LOCKED_BOOK: return "lockedBook";
    case FeedAnomalyKind::CLOCK_STEP_BACK: return "clockStepBack";
    case FeedAnomalyKind::OUTLIER_PRINT: return "outlierPrint";
    case FeedAnomalyKind::NON_MARKET_TRADE: return "nonMarketTrade";
    case FeedAnomalyKind::TIME_BACKWARDS: return "timeBackwards";
    case FeedAnomalyKind::STALE_BOOK: return "staleBook";
    case FeedAnomalyKind::UNKNOWN_LEVEL: return "unknownLevel";
    case FeedAnomalyKind::DUPLICATE_MESSAGE: return "duplicateMessage";
    case FeedAnomalyKind::BOOK_DISAGREES_WITH_BBO: return "bookDisagreesWithBbo";
    case FeedAnomalyKind::NEGATIVE_LATENCY: return "negativeLatency";
    case FeedAnomalyKind::MALFORMED_FRAME: return "malformedFrame";
    case FeedAnomalyKind::SILENT_STREAM: return "silentStream";
    case FeedAnomalyKind::NONE: break;
  }
  return "none";
}

const char* name_of(GapReason reason) {
  switch (reason) {
    case GapReason::SEQUENCE: return "sequence";
    case GapReason::DISCONNECT: return "disconnect";
    case GapReason::TIME_HOLE: return "timeHole";
    case GapReason::SNAPSHOT_MISSING: return "snapshotMissing";
    case GapReason::DROPPED: return "dropped";
    case GapReason::NONE: break;
  }
  return "none";
}

// |value - reference| / reference as a rate; the largest rate when it does not fit.
std::int64_t deviation(std::int64_t value, std::int64_t reference) {
  const double quick =
      static_cast<double>(value > reference ? value - reference : reference - value) / static_cast<double>(reference);
  if (quick > 90'000'000'000.0) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t distance = value > reference ? value - reference : reference - value;
  return mul_div(distance, kScale, reference);
}

bool is_plausible_symbol(const std::string& symbol) {
  if (symbol.empty() || symbol.size() > 48) return false;
  return std::none_of(symbol.begin(), symbol.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == ','; });
}

// The record as the reading thread made it; only where the message made one.
journal::RecordView made_record(const MarketMessage& m, const journal::RecordBatch& made) {
  return {0, reinterpret_cast<const RecordHeader*>(made.bytes() + m.records_at)};
}

// A message whose levels stand in its record only has them again. Rare: the first message of an instrument.
MarketMessage with_levels(MarketMessage m, const journal::RecordBatch& made) {
  const auto copy = [&](const auto& record) {
    for (const auto level : record.getBids()) m.bids.push_back({level.getPrice(), level.getQty()});
    for (const auto level : record.getAsks()) m.asks.push_back({level.getPrice(), level.getQty()});
  };
  const journal::RecordView view = made_record(m, made);
  if (m.kind == MessageKind::book_delta) copy(journal::read<schema::BookDelta>(view));
  if (m.kind == MessageKind::book_snapshot) copy(journal::read<schema::BookSnapshot>(view));
  return m;
}

bool is_tick(MessageKind kind) {
  return kind == MessageKind::trade || kind == MessageKind::aggregate_trade || kind == MessageKind::bbo;
}

}  // namespace

void SeenSteps::take(const MarketMessage& m) {
  const auto price_of = [&](std::int64_t value) {
    if (value > 0) price = common_step(price, value);
  };
  const auto qty_of = [&](std::int64_t value) {
    if (value > 0) qty = common_step(qty, value);
  };
  switch (m.kind) {
    case MessageKind::trade:
    case MessageKind::aggregate_trade:
      price_of(m.price);
      qty_of(m.qty);
      break;
    case MessageKind::bbo:
      price_of(m.bid_price);
      price_of(m.ask_price);
      qty_of(m.bid_qty);
      qty_of(m.ask_qty);
      break;
    case MessageKind::book_delta:
    case MessageKind::book_snapshot:
      for (const auto* side : {&m.bids, &m.asks}) {
        for (const LevelE8& level : *side) {
          price_of(level.price);
          qty_of(level.qty);
        }
      }
      break;
    case MessageKind::bar:
      if (m.is_mark) break;  // mark prices lie on no tick
      price_of(m.open);
      price_of(m.high);
      price_of(m.low);
      price_of(m.close);
      qty_of(m.volume);
      break;
    default: break;
  }
}

std::uint32_t InstrumentRegistry::slot_of(Venue venue, const std::string& symbol) {
  for (const std::uint32_t slot : recent_) {
    if (slot != kNoSlot && entries_[slot].symbol == symbol && entries_[slot].venue == venue) return slot;
  }
  const auto key = std::make_pair(venue, symbol);
  auto found = by_name_.find(key);
  if (found == by_name_.end()) {
    if (entries_.size() >= kMaxInstruments || !is_plausible_symbol(symbol)) return kNoSlot;
    found = by_name_.emplace(key, static_cast<std::uint32_t>(entries_.size())).first;
    entries_.push_back({venue, symbol, {}});
  }
  recent_[next_recent_++ % recent_.size()] = found->second;
  return found->second;
}

ImportSession::ImportSession(DatasetWriter& writer, InstrumentRegistry& registry, const InstrumentTable& table,
                             ImportReport& report)
    : writer_(writer), registry_(registry), table_(table), report_(report) {}

RecordHeader ImportSession::header_for(std::uint32_t slot, std::int64_t ts_recv, std::int64_t ts_event) {
  ts_engine_ = std::max(ts_engine_, ts_recv);
  RecordHeader header;
  header.instrument = slot == kNoSlot ? 0 : slot + 1;
  header.ts_engine = ts_engine_;
  header.ts_event = ts_event;
  header.ts_recv = ts_recv;
  return header;
}

void ImportSession::declare(std::uint32_t slot, std::int64_t time) {
  while (states_.size() <= slot) states_.emplace_back();
  if (states_[slot].is_declared) return;
  states_[slot].is_declared = true;
  const InstrumentRegistry::Entry& entry = registry_[slot];
  std::string warning;
  const InstrumentSpec spec =
      table_.find_or_infer(entry.venue, entry.symbol, entry.steps.price, entry.steps.qty, warning);
  if (!warning.empty()) report_.warnings.push_back(warning);
  report_.instruments.push_back(
      {slot + 1, spec.symbol, market_name(spec.venue), spec.filters_are_defaults, spec.tiers_are_defaults});
  append_instrument(spec, header_for(slot, time, 0), scratch_);
  put_scratch();
}

void ImportSession::declare_all(std::int64_t time) {
  for (std::uint32_t slot = 0; slot < registry_.size(); ++slot) declare(slot, time);
}

void ImportSession::clock_offset(std::uint32_t slot, std::int64_t time, std::int64_t offset) {
  const RecordHeader header = header_for(slot, time, 0);
  record<schema::FeedLatency>(RecordType::FEED_LATENCY, header,
                              [&](schema::FeedLatency::Builder b) { b.setClockOffset(offset); });
  anomaly(header, FeedAnomalyKind::NEGATIVE_LATENCY, -offset, 0, 0);
}

void ImportSession::anomaly(const RecordHeader& header, FeedAnomalyKind kind, std::int64_t value, std::int64_t bound,
                            std::int64_t update_id) {
  ++report_.anomalies[name_of(kind)];
  record<schema::FeedAnomaly>(RecordType::FEED_ANOMALY, header, [&](schema::FeedAnomaly::Builder b) {
    b.setKind(kind);
    b.setValue(value);
    b.setBound(bound);
    b.setUpdateId(update_id);
  });
}

void ImportSession::gap(const RecordHeader& header, GapReason reason, std::int64_t expected, std::int64_t received,
                        std::int64_t from, std::int64_t until) {
  ++report_.gaps;
  ++report_.gaps_by_reason[name_of(reason)];
  record<schema::FeedGap>(RecordType::FEED_GAP, header, [&](schema::FeedGap::Builder b) {
    b.setReason(reason);
    b.setExpectedId(expected);
    b.setReceivedId(received);
    b.setTsFrom(from);
    b.setTsUntil(until);
  });
}

std::uint64_t ImportSession::put_scratch() {
  const std::uint64_t count = scratch_.count();
  writer_.append(scratch_);
  scratch_.clear();
  records_ += count;
  return count;
}

// The records that the reading thread made, with what only the merge knows.
std::uint64_t ImportSession::put(const MarketMessage& m, const journal::RecordBatch& made, const RecordHeader& header) {
  const std::byte* at = made.bytes() + m.records_at;
  for (std::size_t i = 0; i < m.records; ++i) {
    const journal::RecordView view{0, reinterpret_cast<const RecordHeader*>(at)};
    RecordHeader own = *view.header;
    own.instrument = header.instrument;
    own.ts_engine = header.ts_engine;
    writer_.append(own, view.body(), view.body_words());
    at += view.total_bytes();
  }
  records_ += m.records;
  return m.records;
}

ImportSession::State& ImportSession::state_of(std::uint32_t slot, const MarketMessage& m,
                                              const journal::RecordBatch& made) {
  if (slot >= states_.size() || !states_[slot].is_declared) {
    if (registry_[slot].steps.price == 0) registry_[slot].steps.take(with_levels(m, made));
    declare(slot, m.ts_recv);
  }
  return states_[slot];
}

void ImportSession::check_clock(const MarketMessage& m, SourceState& source, std::uint32_t slot) {
  if (source.last_recv != 0 && m.ts_recv < source.last_recv) {
    anomaly(header_for(slot, m.ts_recv, m.ts_event),
            source.is_capture ? FeedAnomalyKind::CLOCK_STEP_BACK : FeedAnomalyKind::TIME_BACKWARDS,
            source.last_recv - m.ts_recv, 0, 0);
  }
  if (source.is_capture && source.last_recv != 0 && m.ts_recv - source.last_recv > kCaptureHole) {
    for (const std::uint32_t held : source.slots) {
      declare(held, m.ts_recv);
      gap(header_for(held, m.ts_recv, 0), GapReason::TIME_HOLE, 0, 0, source.last_recv, m.ts_recv);
    }
  }
  source.last_recv = m.ts_recv;
}

bool ImportSession::is_repeated_trade(State& state, std::int64_t id) {
  if (id == 0) return false;
  if (id <= state.last_trade_id &&
      std::find(state.trade_ids.begin(), state.trade_ids.end(), id) != state.trade_ids.end())
    return true;
  state.trade_ids[state.next_trade_id++ % state.trade_ids.size()] = id;
  state.last_trade_id = std::max(state.last_trade_id, id);
  return false;
}

const char* ImportSession::check_bar(State& state, const MarketMessage& m, const RecordHeader& header) {
  const std::int64_t duration = m.close_time + 1 - m.open_time;
  BarTrack* track = nullptr;
  for (BarTrack& candidate : state.bars) {
    if (candidate.is_mark == m.is_mark && candidate.duration == duration) track = &candidate;
  }
  if (track == nullptr) {
    track = &state.bars.emplace_back();
    track->is_mark = m.is_mark;
    track->duration = duration;
  } else if (m.open_time <= track->last_open) {
    const bool is_update = m.open_time == track->last_open && !track->last_is_final;
    if (!is_update) {
      anomaly(header,
              m.open_time == track->last_open ? FeedAnomalyKind::DUPLICATE_MESSAGE : FeedAnomalyKind::TIME_BACKWARDS,
              m.open_time, track->next_open, 0);
      return m.open_time == track->last_open ? "bar that was there already" : "bar older than the one before it";
    }
  } else if (m.open_time > track->next_open) {
    gap(header, GapReason::TIME_HOLE, 0, 0, track->next_open, m.open_time);
  }
  track->last_open = m.open_time;
  track->next_open = m.close_time + 1;
  track->last_is_final = m.is_final;
  return nullptr;
}

void ImportSession::after_trade(State& state, const MarketMessage& m, const RecordHeader& header) {
  std::int64_t reference = 0;
  std::int64_t bound = kOutlierFromMid;
  const auto mid = state.feed.is_usable() && !state.feed.is_stale({header.ts_engine}, {kMidIsFresh})
                       ? state.feed.book().mid()
                       : std::nullopt;
  if (mid && !state.feed.book().is_crossed()) {
    reference = mid->e8;
  } else if (state.quote_mid != 0 && header.ts_engine - state.quote_time <= kMidIsFresh) {
    reference = state.quote_mid;
  } else {
    reference = state.last_price;
    bound = kOutlierFromLast;
  }
  if (m.trade_kind != schema::TradeKind::MARKET) {
    anomaly(header, FeedAnomalyKind::NON_MARKET_TRADE, m.price, reference, m.last_id);
    return;
  }
  if (reference > 0) {
    const std::int64_t distance = deviation(m.price, reference);
    if (distance > bound) {
      anomaly(header, FeedAnomalyKind::OUTLIER_PRINT, distance, bound, m.last_id);
      return;  // does not become the next reference
    }
  }
  state.last_price = m.price;
}

void ImportSession::compare(const Top& book, const Top& bbo, const RecordHeader& header) {
  ++report_.book_compared;
  const auto agrees = [](const Level& a, const Level& b) { return a == b || (a.qty.is_zero() && b.qty.is_zero()); };
  if (agrees(book.bid, bbo.bid) && agrees(book.ask, bbo.ask)) {
    ++report_.book_agreed;
    return;
  }
  const bool is_bid = !agrees(book.bid, bbo.bid);
  anomaly(header, FeedAnomalyKind::BOOK_DISAGREES_WITH_BBO, is_bid ? book.bid.price.e8 : book.ask.price.e8,
          is_bid ? bbo.bid.price.e8 : bbo.ask.price.e8, book.id);
}

void ImportSession::after_bbo(State& state, const MarketMessage& m, const RecordHeader& header) {
  if (m.bid_qty > 0 && m.ask_qty > 0 && m.bid_price > 0 && m.ask_price > 0) {
    state.quote_mid = m.bid_price + (m.ask_price - m.bid_price) / 2;
    state.quote_time = header.ts_engine;
    if (m.bid_price > m.ask_price)
      anomaly(header, FeedAnomalyKind::CROSSED_BOOK, m.bid_price - m.ask_price, 0, m.last_id);
  }
  if (m.last_id == 0) return;
  const Top bbo{m.last_id,
                {Price::of_e8(m.bid_price), Qty::of_e8(m.bid_qty)},
                {Price::of_e8(m.ask_price), Qty::of_e8(m.ask_qty)}};
  if (const Top* book = state.tops.find(m.last_id)) compare(*book, bbo, header);
  state.bbos.push(bbo);
}

void ImportSession::after_book(State& state, const MarketMessage& m, const RecordHeader& header,
                               const journal::RecordBatch& made) {
  const journal::RecordView view = made_record(m, made);
  const bool was_synchronised = state.feed.state() == BookFeedState::synchronised;
  const BookFeedOutcome outcome =
      m.kind == MessageKind::book_delta
          ? state.feed.on_delta(journal::read<schema::BookDelta>(view), {header.ts_engine})
          : state.feed.on_snapshot(journal::read<schema::BookSnapshot>(view), {header.ts_engine});
  switch (outcome.event) {
    case BookFeedEvent::gap: gap(header, GapReason::SEQUENCE, outcome.expected_id, outcome.received_id, 0, 0); break;
    case BookFeedEvent::snapshot_too_old:
      gap(header, GapReason::SNAPSHOT_MISSING, outcome.expected_id, outcome.received_id, 0, 0);
      break;
    case BookFeedEvent::buffer_full: ++report_.anomalies["bookBufferFull"]; break;
    case BookFeedEvent::dropped_old:
      if (was_synchronised)
        anomaly(header, FeedAnomalyKind::DUPLICATE_MESSAGE, m.last_id, state.feed.last_update_id(), m.last_id);
      break;
    case BookFeedEvent::joined:
      ++report_.resyncs;
      record<schema::FeedResync>(RecordType::FEED_RESYNC, header, [&](schema::FeedResync::Builder b) {
        b.setLastUpdateId(outcome.snapshot_id);
        b.setJoinedFirstId(outcome.joined_first_id);
        b.setJoinedLastId(outcome.joined_last_id);
      });
      break;
    default: break;
  }
  if (!outcome.book_changed()) return;
  const OrderBook& book = state.feed.book();
  // Once at the beginning of such a state, not at every update within it.
  if (outcome.is_crossed && !state.is_crossed) {
    anomaly(header, FeedAnomalyKind::CROSSED_BOOK, book.best_bid()->price.e8 - book.best_ask()->price.e8, 0,
            state.feed.last_update_id());
  }
  if (outcome.is_locked && !state.is_locked) {
    anomaly(header, FeedAnomalyKind::LOCKED_BOOK, book.best_bid()->price.e8, 0, state.feed.last_update_id());
  }
  state.is_crossed = outcome.is_crossed;
  state.is_locked = outcome.is_locked;
  if (outcome.deltas_applied == 0 || state.feed.last_update_id() == 0 ||
      state.feed.state() != BookFeedState::synchronised)
    return;
  const Top top{state.feed.last_update_id(), book.best_bid().value_or(Level{}), book.best_ask().value_or(Level{})};
  if (const Top* bbo = state.bbos.find(top.id)) compare(top, *bbo, header);
  state.tops.push(top);
}

ImportSession::Outcome ImportSession::emit(const MarketMessage& m, const journal::RecordBatch& made,
                                           SourceState& source) {
  Outcome outcome;
  if (m.kind == MessageKind::exchange_info) return outcome;
  check_clock(m, source, m.slot);
  if (m.slot == kNoSlot) {  // about the connection, not an instrument
    if (m.kind == MessageKind::connected) {
      const bool again = std::find(source.connected.begin(), source.connected.end(), m.text) != source.connected.end();
      if (again) {
        record<schema::FeedDisconnected>(
            RecordType::FEED_DISCONNECTED, header_for(kNoSlot, m.ts_recv, m.ts_event),
            [&](schema::FeedDisconnected::Builder b) { b.setSource(m.text); }, 2 + m.text.size() / 8);
      } else {
        source.connected.push_back(m.text);
      }
    }
    outcome.records = put(m, made, header_for(kNoSlot, m.ts_recv, m.ts_event));
    return outcome;
  }
  State& state = state_of(m.slot, m, made);
  const RecordHeader header = header_for(m.slot, m.ts_recv, m.ts_event);
  if (m.kind == MessageKind::bar) {
    outcome.refused = check_bar(state, m, header);
  } else if (m.kind == MessageKind::trade && is_repeated_trade(state, m.last_id)) {
    anomaly(header, FeedAnomalyKind::DUPLICATE_MESSAGE, m.last_id, state.last_trade_id, m.last_id);
    outcome.refused = "trade that was there already";
  } else if (m.kind == MessageKind::index_price && state.mark_price == 0) {
    outcome.refused = "index price before any mark price";
  }
  if (outcome.refused != nullptr) return outcome;
  if (!source.is_capture && is_tick(m.kind)) {
    if (state.last_tick != 0 && m.ts_recv - state.last_tick > kTickHole)
      gap(header, GapReason::TIME_HOLE, 0, 0, state.last_tick, m.ts_recv);
    state.last_tick = m.ts_recv;
  }

  if (m.kind == MessageKind::index_price) {
    MarketMessage with_mark = m;
    with_mark.mark_price = state.mark_price;
    maker_.append(with_mark, header, scratch_);
    outcome.records = put_scratch();
  } else {
    outcome.records = put(m, made, header);
  }
  switch (m.kind) {
    case MessageKind::trade:
    case MessageKind::aggregate_trade: after_trade(state, m, header); break;
    case MessageKind::bbo: after_bbo(state, m, header); break;
    case MessageKind::book_delta:
    case MessageKind::book_snapshot: after_book(state, m, header, made); break;
    case MessageKind::mark_price: state.mark_price = m.mark_price; break;
    case MessageKind::bar:
      if (m.is_mark && m.is_final) {
        // The closing mark price is a fact of its own: strategies and margin need no bars for it.
        state.mark_price = m.close;
        MarketMessage mark;
        mark.kind = MessageKind::mark_price;
        mark.mark_price = m.close;
        maker_.append(mark, header, scratch_);
        outcome.records += put_scratch();
      }
      break;
    default: break;
  }
  return outcome;
}

}  // namespace reprise::gateway
