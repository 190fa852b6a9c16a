#include "tools/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace reprise::tools {
namespace {

int columns_of(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* text = std::getenv("COLUMNS")) {
    const int columns = std::atoi(text);
    if (columns >= 20 && columns <= 1000) return columns;
  }
  return 0;
}

const char* code_of(Colour colour) {
  switch (colour) {
    case Colour::good: return "\x1b[32m";
    case Colour::bad: return "\x1b[31m";
    case Colour::warn: return "\x1b[33m";
    case Colour::dim: return "\x1b[2m";
    case Colour::strong: return "\x1b[1m";
    case Colour::none: break;
  }
  return "";
}

std::string painted(bool on, Colour colour, std::string_view text) {
  if (!on || colour == Colour::none) return std::string(text);
  return code_of(colour) + std::string(text) + "\x1b[0m";
}

// Length on the screen: bytes that are not UTF-8 continuations and not part of a colour code.
std::size_t shown_length(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xC0u) != 0x80u) ++length;
  }
  return length;
}

std::string grouped(const std::string& digits) {
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace

Terminal::Terminal() {
  const bool out = isatty(STDOUT_FILENO) == 1;
  const bool error = isatty(STDERR_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool plain =
      (no_colour != nullptr && *no_colour != '\0') || (term != nullptr && std::string_view(term) == "dumb");
  colour_out_ = out && !plain;
  colour_error_ = error && !plain;
  progress_ = error && !(term != nullptr && std::string_view(term) == "dumb");
  const int columns = columns_of(out ? STDOUT_FILENO : STDERR_FILENO);
  width_ = columns > 0 ? columns : (out ? 80 : 120);
}

void Terminal::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_failure();
}

void Terminal::note(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void Terminal::flush() {
  if (std::fflush(stdout) != 0) note_failure();
}

void Terminal::note_failure() {
  if (errno != EPIPE) write_failed_ = true;
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  return painted(colour_out_, colour, text);
}
std::string Terminal::paint_error(Colour colour, std::string_view text) const {
  return painted(colour_error_, colour, text);
}

void Table::column(std::string title, Align align) {
  columns_.push_back({std::move(title), align});
}

void Table::row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(int width) const {
  std::vector<std::size_t> widths;
  for (const auto& column : columns_) widths.push_back(shown_length(column.title));
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], shown_length(row[i]));

  std::string text;
  const auto put = [&](const std::vector<std::string>& cells) {
    std::string line;
    std::size_t shown = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::string cell = cells[i];
      std::size_t length = shown_length(cell);
      const bool last = i + 1 == cells.size();
      if (last && columns_[i].align == Align::left) {
        const std::size_t room = static_cast<std::size_t>(width) > shown ? static_cast<std::size_t>(width) - shown : 0;
        if (length > room && room >= 8 && cell.find('\x1b') == std::string::npos) {
          cell = cell.substr(0, room - 3) + "...";
          length = room;
        }
        line += cell;
      } else {
        const std::string pad(widths[i] - length, ' ');
        line += columns_[i].align == Align::right ? pad + cell : cell + pad;
        if (!last) line += "  ";
      }
      shown += widths[i] + 2;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };

  std::vector<std::string> titles;
  bool titled = false;
  for (const auto& column : columns_) {
    titles.push_back(column.title);
    titled = titled || !column.title.empty();
  }
  if (titled) put(titles);
  for (const auto& row : rows_) put(row);
  return text;
}

void Facts::add(std::string label, std::string value) {
  lines_.emplace_back(std::move(label), std::move(value));
}

std::string Facts::text() const {
  std::size_t widest = 0;
  for (const auto& [label, value] : lines_) widest = std::max(widest, shown_length(label));
  std::string text;
  for (const auto& [label, value] : lines_) {
    text += label + std::string(widest - shown_length(label) + 2, ' ') + value + "\n";
  }
  return text;
}

Progress::Progress(const Terminal& terminal, std::string label, std::string unit)
    : shown_(terminal.shows_progress()),
      width_(terminal.width()),
      label_(std::move(label)),
      unit_(std::move(unit)),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  clear();
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(200)) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  std::string line = label_;
  if (total > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    line += "  " + percent_text(share);
  }
  line += "  " + (unit_ == "bytes" ? bytes_text(done) : with_thousands(done) + " " + unit_);
  line += "  " + (unit_ == "bytes" ? bytes_text(static_cast<std::uint64_t>(rate)) + "/s" : rate_text(rate, unit_));
  if (total > done && rate > 0) line += "  " + seconds_text(static_cast<double>(total - done) / rate) + " left";
  if (static_cast<int>(line.size()) >= width_) line.resize(static_cast<std::size_t>(std::max(1, width_ - 1)));
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

std::string with_thousands(std::uint64_t value) {
  return grouped(std::to_string(value));
}
std::string with_thousands(std::int64_t value) {
  if (value >= 0) return grouped(std::to_string(value));
  std::string text = grouped(std::to_string(0 - static_cast<std::uint64_t>(value)));
  text.insert(text.begin(), '-');
  return text;
}

std::string fixed_text(double value, int decimals) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);  // the program never sets a locale
  return buffer;
}

std::string bytes_text(std::uint64_t bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  return fixed_text(value, unit == 0 ? 0 : 1) + " " + units[unit];
}

std::string rate_text(double per_second, std::string_view unit) {
  const std::string tail = std::string(unit) + "/s";
  if (per_second >= 1e6) return fixed_text(per_second / 1e6, 2) + " M " + tail;
  if (per_second >= 1e3) return fixed_text(per_second / 1e3, 1) + " k " + tail;
  return fixed_text(per_second, 0) + " " + tail;
}

std::string seconds_text(double seconds) {
  if (seconds < 1) return fixed_text(seconds * 1e3, 0) + " ms";
  if (seconds < 60) return fixed_text(seconds, seconds < 10 ? 2 : 1) + " s";
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  char buffer[64];
  if (whole < 3600) {
    std::snprintf(buffer, sizeof buffer, "%d min %02d s", static_cast<int>(whole / 60), static_cast<int>(whole % 60));
  } else {
    std::snprintf(buffer, sizeof buffer, "%llu h %02d min", static_cast<unsigned long long>(whole / 3600),
                  static_cast<int>(whole / 60 % 60));
  }
  return buffer;
}

std::string percent_text(double share) {
  return fixed_text(share * 100, 1) + " %";
}

}  // namespace reprise::tools
