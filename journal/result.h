// Values for operating errors: what went wrong, where, and what to do next.
//
// A Result<T> holds a T or an Error and cannot be ignored. Bugs are not Errors: they go to
// REPRISE_ASSERT (journal/assert.h), which is always on.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "journal/assert.h"

namespace reprise {

// The kind decides the exit code of a command: usage and could_not_check exit 2, corrupt exits 3.
enum class ErrorKind { usage, could_not_check, corrupt };

struct Error {
  ErrorKind kind = ErrorKind::could_not_check;
  std::string message;  // what and where ("day.gz:17: price is not a number: \"abc\"")
  std::string hint;     // the next step, may be empty

  std::string text() const { return hint.empty() ? message : message + " (" + hint + ")"; }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : data_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : data_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return data_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  T* operator->() { return &checked(); }

  const Error& error() const {
    REPRISE_ASSERT(!ok(), "error() of a Result that holds a value");
    return std::get<1>(data_);
  }

 private:
  T& checked() {
    if (!ok()) assertion_failed("Result::ok()", __FILE__, __LINE__, std::get<1>(data_).text());
    return std::get<0>(data_);
  }
  std::variant<T, Error> data_;
};

struct Unit {};
using Status = Result<Unit>;
inline Status ok_status() {
  return Status(Unit{});
}

inline Error usage_error(std::string message, std::string hint = {}) {
  return {ErrorKind::usage, std::move(message), std::move(hint)};
}
inline Error io_error(std::string message, std::string hint = {}) {
  return {ErrorKind::could_not_check, std::move(message), std::move(hint)};
}
inline Error corrupt_error(std::string message, std::string hint = {}) {
  return {ErrorKind::corrupt, std::move(message), std::move(hint)};
}

}  // namespace reprise
