// HTTP messages as plain values, the same for server and client.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reprise::net {

// Names are compared without regard to case; order and doubles are kept.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  // The first of that name, or nullptr.
  const std::string* find(std::string_view name) const;
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method = "GET";
  std::string path = "/";  // as sent: escapes are not resolved
  std::string query;       // raw text behind the '?', without it
  Headers headers;
  std::string body;
  // Filled by the server.
  std::string peer;              // address:port
  std::uint64_t connection = 0;  // of one server, never used twice
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// "Not Found" for 404; "Unknown" for a number without a name.
std::string_view reason_of(int status);

// The text of a message's head. Line breaks and other control characters within names and values become spaces, so
// that no text from outside can make a header of its own. Content-Length is added and must not be among the headers.
std::string head_of(const Response& response, bool keep_alive);
std::string head_of(const Request& request, std::string_view host, bool keep_alive);

}  // namespace reprise::net
