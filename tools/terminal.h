// What a person sees: colours, width, aligned tables, progress, numbers with units.
//
// Standard output carries results, standard error carries progress and errors. Nothing here is ever
// part of a record. Progress appears only when standard error is a terminal, colours only on a terminal
// and not with NO_COLOR set or TERM=dumb. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reprise::tools {

enum class Colour { none, good, bad, warn, dim, strong };

class Terminal {
 public:
  Terminal();  // looks at the standard streams and the environment, once

  int width() const { return width_; }
  bool shows_progress() const { return progress_; }
  void write(std::string_view text);  // standard output
  void line(std::string_view text = {}) { write(std::string(text) + "\n"); }
  void note(std::string_view text);                                     // one line on standard error
  std::string paint(Colour colour, std::string_view text) const;        // for standard output
  std::string paint_error(Colour colour, std::string_view text) const;  // for standard error
  // Standard output could not be written (full disk). A reader that has seen enough (head) is no failure.
  bool write_failed() const { return write_failed_; }
  void flush();

 private:
  void note_failure();

  int width_ = 80;
  bool progress_ = false;
  bool colour_out_ = false;
  bool colour_error_ = false;
  bool write_failed_ = false;
};

// A table with aligned columns; numbers are right-aligned. The last text column is cut to the width.
class Table {
 public:
  enum class Align { left, right };
  void column(std::string title, Align align = Align::left);
  void row(std::vector<std::string> cells);
  std::string text(int width) const;

 private:
  struct Column {
    std::string title;
    Align align;
  };
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "label  value" lines with aligned values.
class Facts {
 public:
  void add(std::string label, std::string value);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

// One line on standard error that rewrites itself: share done, rate, time left.
class Progress {
 public:
  Progress(const Terminal& terminal, std::string label, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void update(std::uint64_t done, std::uint64_t total);  // total 0 = unknown
  void clear();

 private:
  bool shown_;
  bool drawn_ = false;
  int width_;
  std::string label_;
  std::string unit_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

std::string with_thousands(std::uint64_t value);  // "1,234,567"
std::string with_thousands(std::int64_t value);
std::string bytes_text(std::uint64_t bytes);                      // "12.4 MiB"
std::string rate_text(double per_second, std::string_view unit);  // "2.31 M records/s"
std::string seconds_text(double seconds);                         // "412 ms", "3.20 s", "2 min 05 s"
std::string fixed_text(double value, int decimals);               // C locale always
std::string percent_text(double share);                           // 0.123 -> "12.3 %"

}  // namespace reprise::tools
