// Walks the engine through a journal: behind any record, then input by input. For questions about moments (why,
// why-not, field watch); nothing is compared and nothing is written.
//
// Going back starts again from the nearest place that starts_before() lists and replays from there; today that is the
// journal's beginning. A search backwards therefore goes through those places, newest first, and forward within each.
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
  journal::Seq input_seq() const;               // of the last input handled; 0 = none
  const journal::RecordView& input() const;     // that input; valid until the next move
  const journal::RecordBatch& outputs() const;  // what the engine answered; valid until the next move
  std::vector<journal::Seq> starts_before(journal::Seq seq) const;  // newest first; the last one is 0
  journal::Seq last_seq() const;                                    // of the journal
  const journal::Manifest& manifest() const;

 private:
  struct Impl;
  explicit StateWalk(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::engine
