#include "gateway/net/http.h"

#include <algorithm>

namespace reprise::net {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

void append_clean(std::string& text, std::string_view part) {
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back((byte < 32 && c != '\t') || byte == 127 ? ' ' : c);
  }
}

void append_fields(std::string& text, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    append_clean(text, name);
    text += ": ";
    append_clean(text, value);
    text += "\r\n";
  }
}

}  // namespace

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (field.size() == name.size() &&
        std::equal(field.begin(), field.end(), name.begin(), [](char a, char b) { return lower(a) == lower(b); }))
      return &value;
  }
  return nullptr;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Payload Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 418: return "I'm a teapot";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Unknown";
  }
}

std::string head_of(const Response& response, bool keep_alive) {
  std::string text;
  text.reserve(256);
  text += "HTTP/1.1 ";
  text += std::to_string(response.status);
  text += ' ';
  text += reason_of(response.status);
  text += "\r\n";
  append_fields(text, response.headers);
  if (response.status >= 200 && response.status != 204) {
    text += "Content-Length: ";
    text += std::to_string(response.body.size());
    text += "\r\n";
  }
  if (!keep_alive) text += "Connection: close\r\n";
  text += "\r\n";
  return text;
}

std::string head_of(const Request& request, std::string_view host, bool keep_alive) {
  std::string text;
  text.reserve(384);
  append_clean(text, request.method);
  text += ' ';
  const std::size_t target = text.size();
  append_clean(text, request.path);
  if (!request.query.empty()) {
    text += '?';
    append_clean(text, request.query);
  }
  // A space would end the target and begin the version.
  for (std::size_t i = target; i < text.size(); ++i) {
    if (text[i] == ' ' || text[i] == '\t') text.replace(i, 1, "%20");
  }
  text += " HTTP/1.1\r\nHost: ";
  append_clean(text, host);
  text += "\r\n";
  append_fields(text, request.headers);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD" && request.method != "DELETE")) {
    text += "Content-Length: ";
    text += std::to_string(request.body.size());
    text += "\r\n";
  }
  if (!keep_alive) text += "Connection: close\r\n";
  text += "\r\n";
  return text;
}

}  // namespace reprise::net
