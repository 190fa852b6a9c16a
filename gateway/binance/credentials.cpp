#include "gateway/binance/credentials.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace reprise::gateway::binance {
namespace {

constexpr std::size_t kMaxFileBytes = 64u << 10;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), fits);
}

struct Names {
  std::string key, secret, key_file;
  explicit Names(const std::string& prefix)
      : key(prefix + "_API_KEY"), secret(prefix + "_API_SECRET"), key_file(prefix + "_PRIVATE_KEY_FILE") {}
};

struct Values {
  std::optional<Secret> key, secret, key_file;
  bool empty() const { return !key && !secret && !key_file; }
  std::optional<Secret>* slot(const Names& names, std::string_view name) {
    if (name == names.key) return &key;
    if (name == names.secret) return &secret;
    if (name == names.key_file) return &key_file;
    return nullptr;
  }
};

// Lines of "NAME=value", with or without `export`, quotes and a comment; a quoted value may go over several lines
// (a PEM). Names that are not ours belong to other programs.
Result<Values> parse_env(std::string_view text, const std::string& path, const Names& names) {
  Values values;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const auto problem = [&](const std::string& what) {
      return usage_error(path + ":" + std::to_string(line_number) + ": " + what);
    };
    const std::size_t line_end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, line_end));
    std::string_view behind = text.substr(std::min(line_end + 1, text.size()));
    if (line.empty() || line.front() == '#') {
      text = behind;
      continue;
    }
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return problem("a line is NAME=value, there is no '=' here");
    const std::string_view name = trimmed(line.substr(0, equals));
    // The wrong side of '=' may be a secret too: it is not named.
    if (!is_name(name)) return problem("what stands before '=' is not a name");
    std::string_view value = trimmed(line.substr(equals + 1));
    std::size_t lines_of_value = 0;
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
      const char quote = value.front();
      const char* const begin = value.data() + 1;
      const std::string_view rest(begin, static_cast<std::size_t>(text.data() + text.size() - begin));
      const std::size_t close_at = rest.find(quote);
      if (close_at == std::string_view::npos) {
        return problem("the value of " + std::string(name) + " has no closing quote");
      }
      value = rest.substr(0, close_at);
      lines_of_value = static_cast<std::size_t>(std::count(value.begin(), value.end(), '\n'));
      const std::string_view after = rest.substr(close_at + 1);
      const std::size_t after_end = std::min(after.find('\n'), after.size());
      const std::string_view tail = trimmed(after.substr(0, after_end));
      if (!tail.empty() && tail.front() != '#') {
        return problem("something stands behind the value of " + std::string(name));
      }
      behind = after.substr(std::min(after_end + 1, after.size()));
    } else if (const std::size_t comment = value.find(" #"); comment != std::string_view::npos) {
      value = trimmed(value.substr(0, comment));
    }
    if (auto* slot = values.slot(names, name)) {
      if (*slot) return problem(std::string(name) + " is given twice");
      *slot = Secret::copy_of(value);
    }
    line_number += lines_of_value;
    text = behind;
  }
  return values;
}

// Goes into a header of each request: a line break in it would be a second header.
bool is_printable_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::optional<Secret> take_environment_variable(const std::string& name) {
  char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  const std::size_t size = std::strlen(value);
  Secret secret = Secret::copy_of({value, size});
  wipe(std::span<char>(value, size));
  unsetenv(name.c_str());
  return secret;
}

void write_no_core_file() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

Result<Secret> read_secret_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return io_error(path + ": " + std::strerror(errno));
  struct stat info {};
  if (fstat(file.number(), &info) != 0) return io_error(path + ": " + std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return usage_error(path + ": not a regular file");
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return usage_error(path + ": belongs to another user, who could change it", "make a file of your own");
  }
  if ((info.st_mode & 077) != 0) {
    return usage_error(path + ": other users may open this file with secrets", "chmod 600 '" + path + "'");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > kMaxFileBytes) return usage_error(path + ": too large for a file with secrets (64 KiB at most)");
  Secret content = Secret::of_size(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t count = ::read(file.number(), content.bytes().data() + filled, size - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error(path + ": " + std::strerror(errno));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  content.shorten(filled);
  return content;
}

Result<Credentials> load_credentials(const CredentialSource& source) {
  const Names names(source.prefix);
  Credentials result;
  Values values;
  for (const std::string* name : {&names.key, &names.secret, &names.key_file}) {
    *values.slot(names, *name) = take_environment_variable(*name);
  }
  std::filesystem::path folder;
  if (!values.empty()) {
    result.source = "the environment";
  } else {
    std::error_code code;
    if (source.env_file.empty() || !std::filesystem::exists(source.env_file, code)) {
      return usage_error(
          "there are no credentials: " + names.key + " is not set and there is no file '" + source.env_file + "'",
          "set " + names.key + " and " + names.secret + " (or " + names.key_file + ") in either of them");
    }
    auto content = read_secret_file(source.env_file);
    if (!content) return content.error();
    auto parsed = parse_env(content->reveal(), source.env_file, names);
    if (!parsed) return parsed.error();
    values = std::move(parsed).value();
    result.source = source.env_file;
    folder = std::filesystem::path(source.env_file).parent_path();
  }
  const auto missing = [&](const std::string& what) {
    return usage_error(result.source + ": " + what, "all come from one place, the environment or the file");
  };
  if (!values.key || values.key->empty()) return missing(names.key + " is missing or empty");
  if (!is_printable_word(values.key->reveal())) {
    return usage_error(result.source + ": " + names.key + " holds a character that no key has");
  }
  if (values.secret && values.key_file) {
    return usage_error(result.source + ": both " + names.secret + " and " + names.key_file + " are set", "keep one");
  }
  if (values.key_file && !values.key_file->empty()) {
    auto pem = read_secret_file((folder / std::string(values.key_file->reveal())).string());
    if (!pem) return pem.error();
    values.secret = std::move(pem).value();
  }
  if (!values.secret || values.secret->empty()) {
    return missing(names.secret + " (or " + names.key_file + ") is missing or empty");
  }
  if (values.secret->reveal().find("-----BEGIN ") == std::string_view::npos &&
      !is_printable_word(values.secret->reveal())) {
    return usage_error(result.source + ": the secret holds a blank or an unprintable character, and is not a PEM");
  }
  result.api_key = std::move(*values.key);
  result.api_secret = std::move(*values.secret);
  return result;
}

}  // namespace reprise::gateway::binance
