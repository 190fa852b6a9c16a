#include "gateway/exchange/machine.h"

#include "engine/engine.h"
#include "gateway/binance/json_text.h"
#include "gateway/exchange/control_message.h"
#include "gateway/exchange/doorkeeper.h"
#include "gateway/exchange/rest_table.h"
#include "journal/digest.h"

namespace reprise::gateway::exchange {

using journal::RecordType;
using journal::RecordView;
using schema::ClientMessageKind;
using schema::ServerAnswerKind;
namespace {

// Told only to the client that it concerns; all others carry what the market records say.
bool is_private(std::string_view path) {
  return path.starts_with("/private") || path.starts_with("/ws-fapi");
}

void set_hash(schema::ServerAnswer::Builder b, const journal::RunningDigest& digest) {
  const journal::Digest value = digest.value();
  b.setLow(value.low);
  b.setHigh(value.high);
}

}  // namespace

template <class Fill>
void ExchangeMachine::emit(std::size_t text_bytes, Fill&& fill) {
  journal::RecordHeader header;
  header.flags = journal::kFlagOutput;
  header.ts_engine = header.ts_event = time_;
  header.cause_delta = out_->count() + 1;
  out_->append<schema::ServerAnswer>(RecordType::SERVER_ANSWER, header, fill, 12 + text_bytes / 8);
}

void ExchangeMachine::on(const RecordView& input, journal::RecordBatch& out) {
  out_ = &out;
  time_ = input.header->ts_engine;
  const UnixNanos now{time_};
  switch (input.type()) {
    case RecordType::RUN_START: seed_ = journal::read<schema::RunStart>(input).getSeed(); return;
    case RecordType::CONFIGURATION: return open(input);
    default: break;
  }
  if (core_ == nullptr) return;
  switch (input.type()) {
    case RecordType::CLOCK_TICK: core_->on_timer(now); break;
    case RecordType::CLIENT_MESSAGE: on_client(journal::read<schema::ClientMessage>(input), now); break;
    case RecordType::RUN_END: break;
    default: core_->on_market(input, input.header->instrument, now, {input.header->ts_event}); break;
  }
  tell_what_was_said(now);
}

void ExchangeMachine::open(const RecordView& input) {
  auto setup = ExchangeSetup::from(engine::entries_of(journal::read<schema::Configuration>(input)));
  if (!setup) {
    problem_ = setup.error().text();
    return;
  }
  core_ = std::make_unique<ExchangeCore>(
      setup->config, setup->limits,
      [this](ConnectionNo connection, std::shared_ptr<const std::string> text) {
        said_.push_back({connection, std::move(text)});
      },
      setup->unrouted_has_all);
  core_->set_seed(seed_);
  faults_ = std::make_unique<FaultDesk>(seed_);
  for (std::size_t n = 0; n < setup->balances_e8.size(); ++n) {
    const std::string name = account_name(n + 1);
    core_->add_account(name, setup->balances_e8[n],
                       [wanted = signature_by(name)](std::string_view, std::string_view by) { return by == wanted; });
  }
  core_->open({time_});
}

void ExchangeMachine::on_client(schema::ClientMessage::Reader message, UnixNanos now) {
  const UnixNanos wall{message.getWallTime() + faults_->clock_skew(now).ns};
  const Clock clock{now, wall};
  const ConnectionNo connection = message.getConnection();
  switch (message.getKind()) {
    case ClientMessageKind::REQUEST: return on_request(message, clock);
    case ClientMessageKind::OPEN: {
      HttpRequest request;
      request.method = "GET";
      request.path = message.getPath().cStr();
      request.query = message.getQuery().cStr();
      request.peer = message.getPeer().cStr();
      paths_[connection] = request.path;
      return core_->on_open(connection, request, clock);
    }
    case ClientMessageKind::TEXT: return on_text(message, clock);
    case ClientMessageKind::CLOSED: paths_.erase(connection); return core_->on_closed(connection);
    case ClientMessageKind::FAULT: return on_fault(message, now);
    case ClientMessageKind::NONE: return;
  }
}

// A request over the WebSocket API is struck like the same one over REST.
void ExchangeMachine::on_text(schema::ClientMessage::Reader message, Clock clock) {
  const ConnectionNo connection = message.getConnection();
  const std::string_view text(message.getBody().cStr(), message.getBody().size());
  const auto path = paths_.find(connection);
  const Fault* fault = nullptr;
  std::optional<ControlMessage> request;
  if (faults_->has_any() && path != paths_.end() && ExchangeCore::is_api_path(path->second)) {
    request = ControlMessage::parse(text);
    if (const Endpoint* endpoint = find_ws_method(request->method()))
      fault = faults_->strike_request(endpoint->method, endpoint->path, clock.now);
  }
  if (fault == nullptr) return core_->on_text(connection, text, clock);
  const RequestFault row = *fault->request;
  const Fault struck = *fault;
  const std::size_t before = said_.size();
  if (row.is_carried_out) core_->on_text(connection, text, clock);
  std::shared_ptr<const std::string> answer;
  for (std::size_t n = said_.size(); n > before; --n) {
    if (said_[n - 1].connection != connection) continue;
    answer = said_[n - 1].text;
    said_.erase(said_.begin() + static_cast<std::ptrdiff_t>(n - 1));
    break;
  }
  if (row.end == RequestFault::End::answer) {
    if (row.status != 0) {
      const Answer own = answer_of(struck, clock.wall);
      JsonText out;
      out.open();
      request->write_id(out);
      out.field("status", own.status).key("error").raw(own.body);
      answer = std::make_shared<const std::string>(out.close().str());
    }
    if (answer != nullptr) said_.push_back({connection, std::move(answer), struck.time});
  } else if (row.end != RequestFault::End::hang) {
    Departure out;
    out.kind = Departure::Kind::drop;
    out.connection = connection;
    departures_.push_back(std::move(out));
  }
}

void ExchangeMachine::on_request(schema::ClientMessage::Reader message, Clock clock) {
  HttpRequest request;
  request.method = message.getMethod().cStr();
  request.path = message.getPath().cStr();
  request.query = message.getQuery().cStr();
  request.body = message.getBody().cStr();
  request.api_key = message.getAccount().cStr();
  request.peer = message.getPeer().cStr();
  const Fault* fault = faults_->strike_request(request.method, request.path, clock.now);
  Departure out;
  out.kind = Departure::Kind::answer;
  out.connection = message.getConnection();
  if (fault == nullptr || fault->request->is_carried_out) out.answer = core_->on_request(request, clock);
  if (fault != nullptr) {
    if (fault->request->status != 0) out.answer = answer_of(*fault, clock.wall);
    out.end = fault->request->end;
    out.delay = fault->time;
  }
  journal::RunningDigest digest;
  digest.update(out.answer.body.data(), out.answer.body.size());
  for (const auto& [name, value] : out.answer.headers) {
    digest.update(name.data(), name.size() + 1);
    digest.update(value.data(), value.size() + 1);
  }
  static const std::string kNothing;
  const std::string& text = request.api_key.empty() ? kNothing : out.answer.body;
  emit(text.size(), [&](schema::ServerAnswer::Builder b) {
    b.setKind(ServerAnswerKind::ANSWER);
    b.setConnection(out.connection);
    b.setStatus(static_cast<std::uint16_t>(out.answer.status));
    b.setMessages(1);
    b.setBytes(out.answer.body.size());
    set_hash(b, digest);
    b.setText(text);
    if (fault != nullptr) {
      b.setFault(fault->name);
      b.setDelay(fault->time.ns);
    }
  });
  // The answer stands in front of the events that it led to: they were said while it was made.
  departures_.push_back(std::move(out));
}

void ExchangeMachine::on_fault(schema::ClientMessage::Reader message, UnixNanos now) {
  const std::string name = message.getPath().cStr();
  if (name == "remove") {
    std::int64_t id = 0;
    if (json::integer_of(message.getBody().cStr(), id)) (void)faults_->remove(static_cast<std::uint64_t>(id));
    return;
  }
  auto fault = FaultDesk::parse(message.getBody().cStr());
  if (!fault) return;  // it was refused before it came here
  (void)faults_->add(*fault, now);
  if (fault->place != FaultPlace::at_once) return;
  if (fault->name == "listen_key_expired") return core_->expire_listen_keys(now);
  Departure out;
  out.kind = fault->name == "disconnect" ? Departure::Kind::drop : Departure::Kind::mute;
  for (const auto& [connection, path] : paths_) {
    if (!std::string_view(path).starts_with(fault->path)) continue;
    out.connection = connection;
    departures_.push_back(out);
  }
}

void ExchangeMachine::leave(ConnectionNo connection, std::shared_ptr<const std::string> text, DurationNanos delay) {
  Departure out;
  out.connection = connection;
  out.text = std::move(text);
  out.delay = delay;
  departures_.push_back(std::move(out));
}

void ExchangeMachine::tell_what_was_said(UnixNanos now) {
  journal::RunningDigest streams;
  std::uint32_t stream_messages = 0;
  std::uint64_t stream_bytes = 0;
  for (Said& said : said_) {
    const auto found = paths_.find(said.connection);
    if (found == paths_.end()) continue;  // it has gone
    const std::string& path = found->second;
    const Fault* fault = faults_->strike_message(path, *said.text, now);
    const bool is_lost = fault != nullptr && fault->name == "message_lost";
    const DurationNanos delay{(fault == nullptr ? 0 : fault->time.ns) + said.delay.ns};
    if (is_private(path) || fault != nullptr) {
      journal::RunningDigest digest;
      digest.update(said.text->data(), said.text->size());
      emit(said.text->size(), [&](schema::ServerAnswer::Builder b) {
        b.setKind(ServerAnswerKind::MESSAGE);
        b.setConnection(said.connection);
        b.setMessages(1);
        b.setBytes(said.text->size());
        set_hash(b, digest);
        b.setText(*said.text);
        if (fault != nullptr) {
          b.setFault(fault->name);
          b.setDelay(fault->time.ns);
        }
      });
    } else {
      streams.update(&said.connection, sizeof said.connection);
      streams.update(said.text->data(), said.text->size());
      ++stream_messages;
      stream_bytes += said.text->size();
    }
    if (is_lost) continue;
    if (fault != nullptr && fault->name == "message_doubled") {
      leave(said.connection, said.text, {});
      leave(said.connection, std::move(said.text), delay);
    } else {
      leave(said.connection, std::move(said.text), delay);
    }
  }
  said_.clear();
  if (stream_messages == 0) return;
  emit(0, [&](schema::ServerAnswer::Builder b) {
    b.setKind(ServerAnswerKind::STREAMS);
    b.setMessages(stream_messages);
    b.setBytes(stream_bytes);
    set_hash(b, streams);
  });
}

}  // namespace reprise::gateway::exchange
