// Writes an Alert record: something that a person should see.
#pragma once

#include <string_view>

#include "engine/emitter.h"

namespace reprise::engine {

inline Seq emit_alert(Emitter& out, schema::AlertLevel level, schema::AlertKind kind, InstrumentNo instrument,
                      StrategyNo strategy, std::int64_t value, std::int64_t bound, std::string_view text) {
  return out.emit<schema::Alert>(
      RecordType::ALERT, instrument, strategy, 0,
      [&](schema::Alert::Builder b) {
        b.setLevel(level);
        b.setKind(kind);
        b.setValue(value);
        b.setBound(bound);
        b.setText(capnp::Text::Reader(text.data(), text.size()));
      },
      text.size() / sizeof(capnp::word) + 1);
}

}  // namespace reprise::engine
