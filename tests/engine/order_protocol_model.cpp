// The order protocol's model (tests/model/order_protocol.pml) carries the transition table: here it is held to the
// code.
#include <array>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/execution/order.h"
#include "engine/execution/transition_table.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::engine;

namespace {

std::string model_text() {
  std::ifstream file(std::string(REPRISE_SOURCE_DIR) + "/tests/model/order_protocol.pml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What a cell of the model says, in the words of cell_text().
std::string words_of(const std::string& cell) {
  constexpr std::array kWords = {std::array{"kAcc", "-> accepted"},
                                 std::array{"kRej", "-> rejected"},
                                 std::array{"kPart", "-> partially_filled"},
                                 std::array{"kFull", "-> filled"},
                                 std::array{"kCanc", "-> canceled"},
                                 std::array{"kExp", "-> expired"},
                                 std::array{"kTrig", "-> triggered"},
                                 std::array{"kUnk", "-> unknown"},
                                 std::array{"kStay", "stays"},
                                 std::array{"kBelow", "beneath"},
                                 std::array{"kBack", "back"},
                                 std::array{"kWork", "working"},
                                 std::array{"kAnsw", "answer"},
                                 std::array{"kSett", "settle"},
                                 std::array{"kLate", "late"},
                                 std::array{"kImp", "impossible"}};
  for (const auto& [token, words] : kWords)
    if (cell == token) return words;
  return "no such cell: " + cell;
}

// "#define NAME VALUE" anywhere in the model.
int defined(const std::string& text, const std::string& name) {
  const std::string line = "\n#define " + name + " ";
  const auto at = text.find(line);
  return at == std::string::npos ? -1 : std::stoi(text.substr(at + line.size()));
}

}  // namespace

TEST_CASE("every cell of the order protocol model's table is the code's") {
  const std::string text = model_text();
  const auto begins = text.find("/* table begins */");
  const auto ends = text.find("/* table ends */");
  REQUIRE(begins != std::string::npos);
  REQUIRE(ends != std::string::npos);

  std::istringstream lines(text.substr(begins, ends - begins));
  std::string line;
  std::size_t row = 0;
  while (std::getline(lines, line)) {
    const auto open = line.find("ROW(");
    if (open == std::string::npos) continue;
    std::vector<std::string> cells(1);
    for (const char c : line.substr(open + 4, line.rfind(')') - open - 4)) {
      if (c == ',') {
        cells.emplace_back();
      } else if (c != ' ') {
        cells.back() += c;
      }
    }
    INFO(line);
    REQUIRE(row < kOrderStatuses);
    REQUIRE(cells.size() == kReportEvents + 1);
    const auto status = static_cast<OrderStatus>(row);
    CHECK(cells[0] == name_of(status));
    for (std::size_t e = 0; e < kReportEvents; ++e) {
      const auto event = static_cast<ReportEvent>(e);
      INFO(name_of(status) << " x " << name_of(event));
      CHECK(words_of(cells[e + 1]) == cell_text(transition(status, event)));
    }
    ++row;
  }
  CHECK(row == kOrderStatuses);
}

TEST_CASE("the order protocol model numbers statuses, reports and cells as the code does") {
  const std::string text = model_text();
  for (std::size_t s = 0; s < kOrderStatuses; ++s)
    CHECK(defined(text, name_of(static_cast<OrderStatus>(s))) == static_cast<int>(s));
  constexpr std::array<const char*, kReportEvents> kReports = {
      "r_accepted",        "r_rejected", "r_part",      "r_full",     "r_canceled", "r_cancel_rejected", "r_modified",
      "r_modify_rejected", "r_expired",  "r_triggered", "r_trailing", "r_unknown",  "r_snapshot"};
  for (std::size_t e = 0; e < kReportEvents; ++e) CHECK(defined(text, kReports[e]) == static_cast<int>(e));

  const int to = defined(text, "kTo");
  for (const char* cell : {"kAcc", "kRej", "kPart", "kFull", "kCanc", "kExp", "kTrig", "kUnk"}) {
    INFO(cell);
    const int status = defined(text, cell) - to;
    REQUIRE(status >= 0);
    REQUIRE(status < static_cast<int>(kOrderStatuses));
    CHECK(words_of(cell) == std::string("-> ") + name_of(static_cast<OrderStatus>(status)));
  }
}

TEST_CASE("open, closed and in flight mean in the order protocol model what they mean in the code") {
  const std::string text = model_text();
  const auto body_of = [&](const std::string& name) {
    const auto at = text.find("#define " + name + "(s) ");
    REQUIRE(at != std::string::npos);
    return text.substr(at, text.find('\n', at) - at);
  };
  for (std::size_t s = 0; s < kOrderStatuses; ++s) {
    const auto status = static_cast<OrderStatus>(s);
    INFO(name_of(status));
    const auto names = [&](const std::string& body) {
      const std::string equal = std::string("s == ") + name_of(status);
      const auto at = body.find(equal);
      return at != std::string::npos && (body[at + equal.size()] == ' ' || body[at + equal.size()] == ')');
    };
    CHECK(names(body_of("is_closed")) == is_closed(status));
    CHECK(names(body_of("is_in_flight")) == is_in_flight(status));
    CHECK(is_open(status) == (!is_closed(status) && status != OrderStatus::INITIALIZED));
  }
}
