#include "gateway/exchange/exchange_seat.h"

#include <algorithm>

#include "config/loader.h"
#include "engine/version.h"
#include "journal/record.h"

namespace reprise::gateway::exchange {

using journal::RecordHeader;
using journal::RecordType;
using schema::ClientMessageKind;

void ExchangeSeat::give() {
  const journal::RecordView view{sink_.next_seq(), reinterpret_cast<const RecordHeader*>(batch_.bytes())};
  sink_.append(view);
  outputs_.clear();
  machine_.on(view, outputs_);
  sink_.append(outputs_);
}

template <class T, class Fill>
void ExchangeSeat::input(RecordType type, UnixNanos now, std::size_t text_bytes, Fill&& fill) {
  time_ = std::max(time_, now.ns);
  RecordHeader header;
  header.ts_engine = header.ts_event = header.ts_recv = time_;
  batch_.clear();
  batch_.append<T>(type, header, fill, 16 + text_bytes / 8);
  give();
}

Status ExchangeSeat::begin(const ExchangeSetup& setup, std::uint64_t seed, UnixNanos now) {
  input<schema::RunStart>(RecordType::RUN_START, now, 0, [&](schema::RunStart::Builder b) {
    b.setSeed(seed);
    b.setEngineVersion(engine::kEngineVersion);
    b.setSchemaVersion(journal::kSchemaVersion);
  });
  const config::Entries entries = setup.entries();
  std::size_t bytes = 0;
  for (const auto& [key, value] : entries) bytes += 32 + key.size() + value.size();
  input<schema::Configuration>(RecordType::CONFIGURATION, now, bytes, [&](schema::Configuration::Builder b) {
    auto list = b.initEntries(static_cast<unsigned>(entries.size()));
    for (unsigned n = 0; n < list.size(); ++n) {
      list[n].setKey(entries[n].first);
      list[n].setValue(entries[n].second);
    }
    b.setHash(config::config_hash(entries));
  });
  if (!machine_.is_open()) return usage_error(machine_.problem());
  return ok_status();
}

void ExchangeSeat::on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now,
                             UnixNanos happened) {
  time_ = std::max(time_, now.ns);
  RecordHeader header = *record.header;
  header.instrument = instrument;
  header.account = header.strategy = header.flags = 0;
  header.cause_delta = 0;
  header.ts_engine = header.ts_recv = time_;
  header.ts_event = happened.ns;
  batch_.clear();
  batch_.append_copy(header, record.body(), record.body_words());
  give();
}

void ExchangeSeat::on_timer(UnixNanos now) {
  const UnixNanos due = next_timer();
  if (due.ns == 0 || due > now) return;
  input<schema::ClockTick>(RecordType::CLOCK_TICK, now, 0, [](schema::ClockTick::Builder) {});
}

void ExchangeSeat::client(ClientMessageKind kind, ConnectionNo connection, const HttpRequest& request, Clock clock) {
  const std::size_t bytes =
      request.path.size() + request.query.size() + request.body.size() + request.peer.size() + request.api_key.size();
  input<schema::ClientMessage>(RecordType::CLIENT_MESSAGE, clock.now, bytes + 64,
                               [&](schema::ClientMessage::Builder b) {
                                 b.setKind(kind);
                                 b.setConnection(connection);
                                 b.setPeer(request.peer);
                                 b.setAccount(request.api_key);
                                 b.setMethod(request.method);
                                 b.setPath(request.path);
                                 b.setQuery(request.query);
                                 b.setBody(request.body);
                                 b.setWallTime(clock.wall.ns);
                               });
}

void ExchangeSeat::on_request(ConnectionNo connection, const HttpRequest& request, Clock clock) {
  client(ClientMessageKind::REQUEST, connection, request, clock);
}

void ExchangeSeat::on_open(ConnectionNo connection, const HttpRequest& request, Clock clock) {
  client(ClientMessageKind::OPEN, connection, request, clock);
}

void ExchangeSeat::on_text(ConnectionNo connection, std::string_view text, Clock clock) {
  HttpRequest message;
  message.body = text;
  client(ClientMessageKind::TEXT, connection, message, clock);
}

void ExchangeSeat::on_closed(ConnectionNo connection, Clock clock) {
  client(ClientMessageKind::CLOSED, connection, {}, clock);
}

void ExchangeSeat::on_fault(std::string_view name, std::string_view body, Clock clock) {
  HttpRequest fault;
  fault.path = name;
  fault.body = body;
  client(ClientMessageKind::FAULT, 0, fault, clock);
}

Result<journal::Digest> ExchangeSeat::end(const std::string& reason) {
  input<schema::RunEnd>(RecordType::RUN_END, {time_}, reason.size(),
                        [&](schema::RunEnd::Builder b) { b.setReason(reason); });
  return sink_.end();
}

}  // namespace reprise::gateway::exchange
