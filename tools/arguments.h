// Declares the arguments of a command. A thin face of CLI11, which is slow to compile and stays in
// arguments.cpp.
//
// A name with dashes is an option ("--out"), one without is positional ("JOURNAL"). Targets must
// outlive parsing; they keep their value when the argument is not given, so their initial values are
// the defaults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace reprise::tools {

class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}
  Option& required();
  Option& value(const char* placeholder);  // shown in the help: --seed N
  Option& choices(const std::vector<std::string>& names);
  Option& takes(int values);  // of texts(): so many values behind one mention
  Option& hidden();           // works, but is not in the help
  Option& shows_default();

 private:
  CLI::Option* option_;
};

class Arguments {
 public:
  explicit Arguments(CLI::App& app) : app_(app) {}

  Option text(const std::string& name, std::string& target, const std::string& help);
  Option texts(const std::string& name, std::vector<std::string>& target, const std::string& help);  // repeatable
  Option number(const std::string& name, std::uint64_t& target, const std::string& help);
  Option real(const std::string& name, double& target, const std::string& help);
  Option flag(const std::string& name, bool& target, const std::string& help);
  void examples(const std::string& lines);  // shown below the help, one a line

 private:
  CLI::App& app_;
};

}  // namespace reprise::tools
