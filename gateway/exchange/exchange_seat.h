// The exchange's place behind its sockets: what happens becomes an input record, goes to the journal, then to the
// machine, and what was said to the journal, before anything leaves.
//
// Single-threaded. The sink is given and outlives the seat.
#pragma once

#include <string_view>

#include "gateway/exchange/machine.h"
#include "sim/run_sink.h"

namespace reprise::gateway::exchange {

class ExchangeSeat {
 public:
  explicit ExchangeSeat(sim::RunSink& sink) : sink_(sink) {}

  // `seed`: of listen keys and of what faults draw.
  Status begin(const ExchangeSetup& setup, std::uint64_t seed, UnixNanos now);
  void on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now, UnixNanos happened);
  void on_timer(UnixNanos now);  // nothing is due: nothing happens
  // Requests come from the doorkeeper. `text`: of a message on a WebSocket.
  void on_request(ConnectionNo connection, const HttpRequest& request, Clock clock);
  void on_open(ConnectionNo connection, const HttpRequest& request, Clock clock);
  void on_text(ConnectionNo connection, std::string_view text, Clock clock);
  void on_closed(ConnectionNo connection, Clock clock);
  // Checked: FaultDesk::parse(). Of a fault to be taken away: name "remove", its id (0 = all).
  void on_fault(std::string_view name, std::string_view body, Clock clock);
  Result<journal::Digest> end(const std::string& reason);

  ExchangeMachine& machine() { return machine_; }
  UnixNanos next_timer() { return machine_.core().next_timer(); }
  std::uint64_t records() const { return sink_.next_seq() - 1; }

 private:
  template <class T, class Fill>
  void input(journal::RecordType type, UnixNanos now, std::size_t text_bytes, Fill&& fill);
  void client(schema::ClientMessageKind kind, ConnectionNo connection, const HttpRequest& request, Clock clock);
  void give();

  sim::RunSink& sink_;
  ExchangeMachine machine_;
  journal::RecordBatch batch_;
  journal::RecordBatch outputs_;
  std::int64_t time_ = 0;
};

}  // namespace reprise::gateway::exchange
