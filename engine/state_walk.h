// Walks the engine through a journal: behind any record, then input by input. For questions about moments (why,
// why-not, field watch); nothing is compared and nothing is written.
//
// A move begins at the nearest place in front of its aim: where the walk stands, a snapshot, or the journal's beginning
// (take_up.h). A search backwards therefore goes through the places that starts_before() lists, newest first, and
// forward within each.
//
// One thread besides the journal's own read-ahead. Errors are those of reading.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "journal/journal_reader.h"

namespace reprise::engine {

class StateWalk {
 public:
  // Called every some thousand records with the seq; false ends the walk early with an error.
  using OnProgress = std::function<bool(journal::Seq)>;

  static Result<StateWalk> open(const std::string& path, OnProgress progress = {});
  StateWalk(StateWalk&&) noexcept;
  StateWalk& operator=(StateWalk&&) noexcept;
  ~StateWalk();

  // Behind the last input with seq <= `seq`; 0 = in front of everything.
  Status go_to(journal::Seq seq);
  // In front of the input that record `seq` belongs to (itself, or the one whose output it is).
  Status go_before(journal::Seq seq);
  // One input on; false at the end of the journal.
  Result<bool> step();

  Engine& engine();
  journal::Seq input_seq() const;      // of the last input handled; 0 = none
  journal::Seq stands_behind() const;  // the last record that the state contains: that input, or its last output
  // Behind step() only, and valid until the next move: that input, and what the engine answered.
  const journal::RecordView& input() const;
  const journal::RecordBatch& outputs() const;
  std::vector<journal::Seq> starts_before(journal::Seq seq) const;  // newest first; the last one is the beginning
  journal::Seq base_seq() const;                                    // of the journal
  journal::Seq last_seq() const;
  const journal::Manifest& manifest() const;
  const std::vector<std::string>& warnings() const;  // snapshots that could not be used

 private:
  struct Impl;
  explicit StateWalk(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::engine
