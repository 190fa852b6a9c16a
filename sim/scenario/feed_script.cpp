#include "sim/scenario/feed_script.h"

#include <algorithm>

namespace reprise::sim::scenario {

namespace {

using journal::RecordBatch;
using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

// What a gateway asks for again and so never misses.
bool is_asked_again(RecordType type) {
  return type == RecordType::INSTRUMENT || type == RecordType::MARGIN_TABLE || type == RecordType::INSTRUMENT_STATUS;
}

constexpr std::int64_t kJoinAfter = 500'000'000;  // a snapshot by REST after a reconnect

void persist_batch(engine::StateArchive& archive, std::string_view name, RecordBatch& batch) {
  std::string bytes(reinterpret_cast<const char*>(batch.bytes()), batch.empty() ? 0 : batch.size_bytes());
  archive.field(name, bytes);
  if (!archive.loading()) return;
  batch.clear();
  std::vector<std::uint64_t> words(bytes.size() / 8);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(words.data()));
  for (std::size_t at = 0; at < words.size();) {
    const auto* header = reinterpret_cast<const RecordHeader*>(words.data() + at);
    const RecordView view{0, header};
    batch.append_copy(*header, view.body(), view.body_words());
    at += view.total_bytes() / 8;
  }
}

}  // namespace

template <class T, class Fill>
void FeedScript::send(RecordType type, InstrumentNo number, Fill&& fill, std::size_t words) {
  RecordBatch batch;
  RecordHeader header;
  header.instrument = number;
  header.ts_event = run_->now().ns;
  batch.append<T>(type, header, std::forward<Fill>(fill), words);
  batch.for_each(0, [&](const RecordView& view) { run_->to_engine(view, number, run_->now()); });
}

void FeedScript::deliver(const RecordBatch& records, UnixNanos recv, Draws& draws) {
  records.for_each(0, [&](const RecordView& record) { deliver_one(record, recv, draws); });
}

void FeedScript::deliver_one(const RecordView& record, UnixNanos recv, Draws& draws) {
  const InstrumentNo number = record.header->instrument;
  if (is_asked_again(record.type()) || (playing_.empty() && !loses_all_ && lines_.empty())) {
    run_->to_engine(record, number, recv);
    return;
  }
  if (loses_all_) return;
  Line& line = lines_[number];
  bool twice = false;
  bool overtaken = false;
  std::int64_t crossed_by = 0;
  for (Playing& playing : playing_) {
    const Act& act = scenario_.acts[playing.act];
    if (!markets_.concerns(act, number)) continue;
    switch (act.kind) {
      case ActKind::feed_gap:
        if (line.gap_since.ns == 0) line.gap_since = run_->now();
        return;
      case ActKind::freeze:
        if (act["then"].text == "burst") {
          RecordHeader header = *record.header;
          line.held.append_copy(header, record.body(), record.body_words());
        } else if (line.gap_since.ns == 0) {
          line.gap_since = run_->now();
        }
        return;
      case ActKind::duplicates: twice = twice || draws.chance(act["share"].number); break;
      case ActKind::reorder: overtaken = overtaken || draws.chance(act["share"].number); break;
      case ActKind::crossed_book: crossed_by = act["by"].number; break;
      case ActKind::bad_ticks: make_bad_ticks(playing, number, recv); break;
      default: break;
    }
  }
  if (overtaken && line.overtaken.empty()) {
    line.overtaken.append_copy(*record.header, record.body(), record.body_words());
    return;
  }
  if (crossed_by != 0 && record.type() == RecordType::BBO) {
    give_crossed(record, recv, crossed_by);
  } else {
    run_->to_engine(record, number, recv);
    if (twice) run_->to_engine(record, number, recv);
  }
  if (!line.overtaken.empty()) {
    line.overtaken.for_each(0, [&](const RecordView& late) { run_->to_engine(late, number, recv); });
    line.overtaken.clear();
  }
}

void FeedScript::give_crossed(const RecordView& record, UnixNanos recv, std::int64_t by_e8) {
  const auto r = journal::read<schema::Bbo>(record);
  RecordBatch batch;
  batch.append<schema::Bbo>(RecordType::BBO, *record.header, [&](schema::Bbo::Builder b) {
    b.setBidPrice(mul(Price{r.getAskPrice()}, Rate{kScale + by_e8}).e8);
    b.setBidQty(r.getBidQty());
    b.setAskPrice(r.getBidPrice());
    b.setAskQty(r.getAskQty());
    b.setUpdateId(r.getUpdateId());
    b.setTsVenueSent(r.getTsVenueSent());
  });
  batch.for_each(0, [&](const RecordView& view) { run_->to_engine(view, record.header->instrument, recv); });
}

void FeedScript::make_bad_ticks(Playing& playing, InstrumentNo number, UnixNanos recv) {
  const Act& act = scenario_.acts[playing.act];
  ShapedMarket* market = markets_.market(number);
  if (market == nullptr) return;
  const std::int64_t count = act["count"].number;
  const std::int64_t due = 1 + mul_div(run_->now().ns - playing.since.ns, count, act.for_ns, Rounding::floor);
  RecordBatch batch;
  RecordHeader header;
  header.instrument = number;
  header.ts_event = run_->now().ns;
  for (; playing.made < std::min(due, count); ++playing.made) {
    market->print(header, run_->now(), act["off"].number, Qty::whole(1), schema::TradeKind::MARKET, Side::SELL, batch);
  }
  batch.for_each(0, [&](const RecordView& view) { run_->to_engine(view, number, recv); });
}

void FeedScript::start(std::uint32_t act, UnixNanos) {
  playing_.push_back({act, run_->now(), 0});
  markets_.for_each(scenario_.acts[act], [&](InstrumentNo number, ShapedMarket&, std::int64_t) { lines_[number]; });
}

void FeedScript::stop(std::uint32_t number) {
  std::erase_if(playing_, [&](const Playing& playing) { return playing.act == number; });
  const Act& act = scenario_.acts[number];
  const UnixNanos now = run_->now();
  for (auto& [instrument, line] : lines_) {
    if (!markets_.concerns(act, instrument)) continue;
    if (act.kind == ActKind::freeze && !line.held.empty()) {
      line.held.for_each(
          0, [&, instrument = instrument](const RecordView& late) { run_->to_engine(late, instrument, now); });
      line.held.clear();
    }
    if (line.gap_since.ns == 0) continue;
    const UnixNanos since = line.gap_since;
    line.gap_since = {};
    send<schema::FeedGap>(RecordType::FEED_GAP, instrument, [&](schema::FeedGap::Builder b) {
      b.setReason(schema::GapReason::DROPPED);
      b.setTsFrom(since.ns);
      b.setTsUntil(now.ns);
    });
    const std::int64_t after = act.kind == ActKind::feed_gap ? act["heal_after"].number : kJoinAfter;
    line.heal_at = {now.ns + after};
  }
}

void FeedScript::disconnect(const char* why) {
  loses_all_ = true;
  send<schema::FeedDisconnected>(
      RecordType::FEED_DISCONNECTED, 0,
      [&](schema::FeedDisconnected::Builder b) {
        b.setSource("market data");
        b.setDetail(why);
      },
      12);
}

void FeedScript::connect(const char* why) {
  loses_all_ = false;
  send<schema::FeedConnected>(
      RecordType::FEED_CONNECTED, 0,
      [&](schema::FeedConnected::Builder b) {
        b.setSource("market data");
        b.setDetail(why);
      },
      12);
  Act everything;
  markets_.for_each(everything, [&](InstrumentNo number, ShapedMarket&, std::int64_t) {
    lines_[number].heal_at = {run_->now().ns + kJoinAfter};
  });
}

UnixNanos FeedScript::next_heal() const {
  UnixNanos next = RunHooks::kNever;
  for (const auto& [number, line] : lines_) {
    if (line.heal_at.ns != 0) next = std::min(next, line.heal_at);
  }
  return next;
}

void FeedScript::heal(UnixNanos now) {
  for (auto& [number, line] : lines_) {
    if (line.heal_at.ns == 0 || now < line.heal_at) continue;
    line.heal_at = {};
    ShapedMarket* market = markets_.market(number);
    if (market == nullptr || loses_all_) continue;
    RecordBatch batch;
    RecordHeader header;
    header.instrument = number;
    header.ts_event = now.ns;
    if (!market->snapshot(header, batch)) continue;
    std::int64_t id = 0;
    batch.for_each(0, [&, number = number](const RecordView& view) {
      id = journal::read<schema::BookSnapshot>(view).getLastUpdateId();
      run_->to_engine(view, number, now);
    });
    send<schema::FeedResync>(RecordType::FEED_RESYNC, number,
                             [&](schema::FeedResync::Builder b) { b.setLastUpdateId(id); });
  }
}

void FeedScript::Playing::persist(engine::StateArchive& archive) {
  archive.field("act", act);
  archive.field("since", since);
  archive.field("made", made);
}

void FeedScript::Line::persist(engine::StateArchive& archive) {
  archive.field("gap_since", gap_since);
  archive.field("heal_at", heal_at);
  persist_batch(archive, "held", held);
  persist_batch(archive, "overtaken", overtaken);
}

void FeedScript::persist(engine::StateArchive& archive) {
  archive.field("playing", playing_);
  archive.field("lines", lines_);
  archive.field("loses_all", loses_all_);
}

}  // namespace reprise::sim::scenario
