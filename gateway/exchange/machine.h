// The exchange as a pure function of its journal: an input record in, the records of what was said out, and beside them
// what has to leave.
//
// Inputs: RunStart, Configuration (exchange_setup.h), market records, ClockTick, ClientMessage. Outputs: ServerAnswer.
// A day is made again by giving the same inputs to a fresh machine (engine/replay.h compares). Single-threaded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/replay.h"
#include "gateway/exchange/core.h"
#include "gateway/exchange/exchange_setup.h"
#include "gateway/exchange/fault_desk.h"
#include "journal/record_batch.h"

namespace reprise::gateway::exchange {

// One thing that leaves, in order.
struct Departure {
  enum class Kind : std::uint8_t { answer, message, drop, mute } kind = Kind::message;
  ConnectionNo connection = 0;
  std::shared_ptr<const std::string> text;            // of a message
  Answer answer;                                      // to the request that was the input
  RequestFault::End end = RequestFault::End::answer;  // how that answer fares
  DurationNanos delay;
};

class ExchangeMachine final : public engine::Recomputed {
 public:
  ExchangeMachine() = default;

  // `out` must be empty; the outputs stand directly behind input.seq.
  void on(const journal::RecordView& input, journal::RecordBatch& out) override;
  // What leaves since the last call.
  std::vector<Departure> take_departures() { return std::exchange(departures_, {}); }

  bool is_open() const { return core_ != nullptr; }
  const std::string& problem() const { return problem_; }  // of the configuration; "" = none
  ExchangeCore& core() { return *core_; }
  const FaultDesk& faults() const { return *faults_; }

 private:
  struct Said {
    ConnectionNo connection = 0;
    std::shared_ptr<const std::string> text;
    DurationNanos delay{};  // of a fault on the request that it answers
  };
  void open(const journal::RecordView& input);
  void on_client(schema::ClientMessage::Reader message, UnixNanos now);
  void on_text(schema::ClientMessage::Reader message, Clock clock);
  void on_request(schema::ClientMessage::Reader message, Clock clock);
  void on_fault(schema::ClientMessage::Reader message, UnixNanos now);
  void tell_what_was_said(UnixNanos now);
  void leave(ConnectionNo connection, std::shared_ptr<const std::string> text, DurationNanos delay);
  template <class Fill>
  void emit(std::size_t text_bytes, Fill&& fill);

  std::unique_ptr<ExchangeCore> core_;
  std::unique_ptr<FaultDesk> faults_;
  std::uint64_t seed_ = 0;
  std::string problem_;
  std::map<ConnectionNo, std::string> paths_;  // of the open WebSockets
  std::vector<Said> said_;                     // by the core, about this input
  std::vector<Departure> departures_;
  journal::RecordBatch* out_ = nullptr;
  std::int64_t time_ = 0;
};

}  // namespace reprise::gateway::exchange
