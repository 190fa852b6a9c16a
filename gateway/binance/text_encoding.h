// The text forms that the venue's protocol uses: percent-encoding of parameters, base64 and hex of signatures.
//
// Pure functions over bytes. Decoders are strict: anything malformed is nullopt, never a guess.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace reprise::gateway::binance {

// RFC 3986: letters, digits and -._~ stay, every other byte becomes %XX (so a Chinese symbol its UTF-8 bytes).
std::string percent_encoded(std::string_view text);
void append_percent_encoded(std::string& out, std::string_view text);

enum class PlusSign { is_plus, is_blank };  // is_blank: application/x-www-form-urlencoded and query parameters
// nullopt: a % without two hex digits behind it.
std::optional<std::string> percent_decoded(std::string_view text, PlusSign plus = PlusSign::is_blank);

std::string lower_text(std::string_view text);  // A to Z only

bool is_utf8(std::string_view text);  // no overlong forms, no surrogates

std::string base64_encoded(std::string_view bytes);  // RFC 4648 section 4, with padding
std::optional<std::string> base64_decoded(std::string_view text);
// Into memory of the caller's, of which (text.size() / 4 * 3) bytes may be used; how many were written.
std::optional<std::size_t> base64_decode(std::string_view text, std::span<char> out);

std::string hex_encoded(std::string_view bytes);                // lower case
std::optional<std::string> hex_decoded(std::string_view text);  // either case

}  // namespace reprise::gateway::binance
