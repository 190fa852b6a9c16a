// The records with which a market begins in the middle: instruments and margin tables as they stand, then the books.
//
// For datasets that begin behind a record: what was declared before it is only in the state there.
#pragma once

#include "engine/engine.h"
#include "journal/record_batch.h"

namespace reprise::sim {

// All times are the engine's present one.
journal::RecordBatch opened_market(const engine::Engine& engine);

}  // namespace reprise::sim
