#include "tools/arguments.h"

#include <CLI/CLI.hpp>
#include <charconv>

namespace reprise::tools {

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::value(const char* placeholder) {
  option_->type_name(placeholder);
  return *this;
}

Option& Option::choices(const std::vector<std::string>& names) {
  CLI::Validator one_of = CLI::IsMember(names);
  one_of.description("");  // the choices stand in the option's place for its value
  option_->check(one_of);
  std::string shown;
  for (const auto& name : names) shown += (shown.empty() ? "" : "|") + name;
  option_->type_name(shown);
  return *this;
}

Option& Option::takes(int values) {
  option_->expected(values);
  return *this;
}

Option& Option::hidden() {
  option_->group("");
  return *this;
}

Option& Option::shows_default() {
  option_->capture_default_str();
  return *this;
}

Option Arguments::text(const std::string& name, std::string& target, const std::string& help) {
  CLI::Option* option = app_.add_option(name, target, help);
  option->type_name(name.front() == '-' ? "TEXT" : "");
  return Option(option);
}

Option Arguments::texts(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  CLI::Option* option = app_.add_option(name, target, help);
  if (name.front() == '-') {
    // One value for each mention, so that a positional argument behind it is not swallowed.
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->type_name("TEXT");
    option->allow_extra_args(false);
  } else {
    option->type_name("");
  }
  return Option(option);
}

Option Arguments::number(const std::string& name, std::uint64_t& target, const std::string& help) {
  CLI::Option* option = app_.add_option(name, target, help);
  option->type_name("N");
  // Left alone, "-1" and what does not fit become the largest number there is.
  const auto is_whole = [](const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool fine = error == std::errc{} && end == text.data() + text.size();
    return fine ? std::string() : "'" + text + "' is not a whole number from 0 to 18446744073709551615";
  };
  option->check(CLI::Validator(is_whole, ""));
  return Option(option);
}

Option Arguments::real(const std::string& name, double& target, const std::string& help) {
  CLI::Option* option = app_.add_option(name, target, help);
  option->type_name("X");
  return Option(option);
}

Option Arguments::flag(const std::string& name, bool& target, const std::string& help) {
  return Option(app_.add_flag(name, target, help));
}

void Arguments::examples(const std::string& lines) {
  std::string text = "Examples:\n";
  std::size_t at = 0;
  while (at < lines.size()) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    text += "  " + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  text.pop_back();
  app_.footer(text);
}

}  // namespace reprise::tools
