// A part of a journal as people name it: --from and --until, or --day.
#pragma once

#include <optional>
#include <string>

#include "tools/arguments.h"
#include "tools/moment.h"

namespace reprise::tools {

struct Range {
  std::optional<Moment> from;   // the first record of the part; nullopt = the journal's first
  std::optional<Moment> until;  // its last one; nullopt = the journal's last
};

class RangeOptions {
 public:
  // `verb` is what is done with the part: "compare", "keep".
  void declare(Arguments& arguments, const std::string& verb);
  Result<Range> parse() const;

 private:
  std::string from_;
  std::string until_;
  std::string day_;
};

}  // namespace reprise::tools
