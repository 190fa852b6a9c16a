// Writes the engine's outputs: the only way a decision leaves the engine.
//
// An Emitter serves one input at a time. It stamps each output with engine time, account, strategy,
// instrument and cause, and knows the seq that the record will have: outputs of an input stand
// directly behind it. Not thread-safe.
#pragma once

#include <cstdint>
#include <utility>

#include "engine/market/fixed.h"
#include "journal/record.h"
#include "journal/record_batch.h"

namespace reprise::engine {

using journal::RecordType;
using journal::Seq;
using InstrumentNo = std::uint32_t;  // declared by an Instrument record; 0 = none
using StrategyNo = std::uint16_t;    // place in the configuration, from 1; 0 = the engine itself
inline constexpr std::uint16_t kAccount = 1;

class Emitter {
 public:
  // Starts the outputs of `input`, which go behind it into `out` (empty at this point).
  void begin(const journal::RecordView& input, UnixNanos now, journal::RecordBatch& out) {
    out_ = &out;
    input_seq_ = input.seq;
    now_ = now;
    default_cause_ = input.seq;
  }

  UnixNanos now() const { return now_; }
  Seq input_seq() const { return input_seq_; }
  Seq next_seq() const { return input_seq_ + 1 + out_->count(); }  // seq of the next output

  // cause 0 = the input being handled. Returns the seq of the record.
  template <class T, class Fill>
  Seq emit(journal::RecordType type, InstrumentNo instrument, StrategyNo strategy, Seq cause, Fill&& fill,
           std::size_t extra_words = 0) {
    const Seq seq = next_seq();
    const Seq caused_by = cause == 0 ? default_cause_ : cause;
    REPRISE_ASSERT(caused_by < seq, "a cause stands before its effect");
    journal::RecordHeader header;
    header.account = kAccount;
    header.instrument = instrument;
    header.strategy = strategy;
    header.flags = journal::kFlagOutput;
    header.ts_engine = now_.ns;
    header.ts_event = now_.ns;
    header.cause_delta = seq - caused_by;
    out_->append<T>(type, header, std::forward<Fill>(fill), extra_words);
    return seq;
  }

 private:
  journal::RecordBatch* out_ = nullptr;
  Seq input_seq_ = 0;
  Seq default_cause_ = 0;
  UnixNanos now_{};
};

}  // namespace reprise::engine
