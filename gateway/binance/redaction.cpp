#include "gateway/binance/redaction.h"

#include <algorithm>
#include <array>

#include "gateway/binance/text_encoding.h"

namespace reprise::gateway::binance {
namespace {

constexpr std::size_t kShortestPemLine = 16;

// Lower case; matched without regard to case.
constexpr std::array<std::string_view, 10> kSecretFields = {"signature",  "listenkey",  "apikey",    "x-mbx-apikey",
                                                            "api_key",    "secret",     "apisecret", "api_secret",
                                                            "privatekey", "private_key"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool ends_value(char c) {
  return c == '&' || c == '"' || c == '\'' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '}' ||
         c == ']' || c == ')' || c == '<' || c == ';' || c == '\\';
}

// Behind a field's name: ["] [blanks] (= or : or %3D) [blanks] [\" or "], then the value.
std::size_t value_begin(std::string_view text, std::size_t at) {
  const auto skip = [&](auto is_skipped) {
    while (at < text.size() && is_skipped(text[at])) ++at;
  };
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const auto is_quote = [](char c) { return c == '"' || c == '\'' || c == '\\'; };
  skip(is_quote);
  skip(is_blank);
  if (at < text.size() && (text[at] == '=' || text[at] == ':')) {
    ++at;
  } else if (at + 3 <= text.size() && text[at] == '%' && text[at + 1] == '3' && lower(text[at + 2]) == 'd') {
    at += 3;
  } else {
    return std::string_view::npos;
  }
  skip(is_blank);
  skip(is_quote);
  return at;
}

}  // namespace

void Redactor::add_form(std::string form) {
  const bool is_known = std::any_of(forms_.begin(), forms_.end(), [&](const Secret& s) { return s.reveal() == form; });
  if (form.size() >= kShortest && !is_known) forms_.push_back(Secret::copy_of(form));
  wipe(form);
}

void Redactor::add_forms(std::string_view text) {
  add_form(std::string(text));
  add_form(percent_encoded(text));
  std::string lower_percent = percent_encoded(text);
  for (std::size_t i = 0; i + 2 < lower_percent.size(); ++i) {
    if (lower_percent[i] != '%') continue;
    lower_percent[i + 1] = lower(lower_percent[i + 1]);
    lower_percent[i + 2] = lower(lower_percent[i + 2]);
  }
  add_form(std::move(lower_percent));
  std::string json;
  json.reserve(2 * text.size());  // growing would leave a copy behind
  for (const char c : text) {
    if (c == '\n') {
      json += "\\n";
    } else if (c == '\r') {
      json += "\\r";
    } else {
      if (c == '"' || c == '\\') json.push_back('\\');
      json.push_back(c);
    }
  }
  add_form(std::move(json));
  std::string hex = hex_encoded(text);
  std::string upper_hex = hex;
  std::transform(hex.begin(), hex.end(), upper_hex.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  add_form(std::move(hex));
  add_form(std::move(upper_hex));
  // Inside a longer text the secret begins at any of three places of a base64 group; only the characters that depend on
  // nothing but the secret can be looked for.
  for (std::size_t shift = 0; shift < 3; ++shift) {
    std::string padded;
    padded.reserve(shift + text.size());
    padded.append(shift, 'x').append(text);
    std::string all = base64_encoded(padded);
    const std::size_t first = (shift * 8 + 5) / 6;
    const std::size_t last = padded.size() * 8 / 6;
    std::string core = all.substr(first, last - first);
    std::string url = core;
    std::replace(url.begin(), url.end(), '+', '-');
    std::replace(url.begin(), url.end(), '/', '_');
    std::string in_query = percent_encoded(core);
    wipe(padded);
    wipe(all);
    add_form(std::move(core));
    add_form(std::move(url));
    add_form(std::move(in_query));
  }
}

bool Redactor::add(const Secret& secret) {
  const std::string_view text = secret.reveal();
  if (text.size() < kShortest) return false;
  add_forms(text);
  if (text.find("-----BEGIN ") != std::string_view::npos) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      std::string_view line = text.substr(begin, end - begin);
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
      if (line.size() >= kShortestPemLine && !line.starts_with("-----")) add_forms(line);
      begin = end + 1;
    }
  }
  return true;
}

void Redactor::find_registered(std::string_view text, std::vector<Range>& ranges) const {
  for (const Secret& form : forms_) {
    const std::string_view needle = form.reveal();
    for (std::size_t at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + 1)) {
      ranges.push_back({at, at + form.size()});
    }
  }
}

bool Redactor::finds_secret(std::string_view text) const {
  std::vector<Range> ranges;
  find_registered(text, ranges);
  return !ranges.empty();
}

std::string Redactor::masked(std::string_view text) const {
  std::vector<Range> ranges;
  find_registered(text, ranges);
  const std::string lowered = lower_text(text);
  for (const std::string_view field : kSecretFields) {
    for (std::size_t at = lowered.find(field); at != std::string::npos; at = lowered.find(field, at + 1)) {
      const bool is_whole_name = at == 0 || !is_word(lowered[at - 1]);
      const std::size_t begin = is_whole_name ? value_begin(text, at + field.size()) : std::string_view::npos;
      if (begin == std::string_view::npos) continue;
      std::size_t end = begin;
      while (end < text.size() && !ends_value(text[end])) ++end;
      if (end > begin) ranges.push_back({begin, end});
    }
  }
  constexpr std::string_view kPem = "PRIVATE KEY-----";
  for (std::size_t at = text.find(kPem); at != std::string_view::npos; at = text.find(kPem, at + 1)) {
    const std::size_t begin = at + kPem.size();
    const std::size_t end = std::min(text.find("-----END", begin), text.size());
    const bool is_end_line = text.substr(0, at).rfind("-----END ") != std::string_view::npos &&
                             at - text.substr(0, at).rfind("-----END ") < 32;
    if (!is_end_line && end > begin) ranges.push_back({begin, end});
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::string result;
  std::size_t done = 0;
  for (const Range& range : ranges) {
    if (range.end <= done) continue;
    if (range.begin >= done) {
      result.append(text.substr(done, range.begin - done)).append(kMask);
    }
    done = range.end;
  }
  result.append(text.substr(done));
  return result;
}

}  // namespace reprise::gateway::binance
