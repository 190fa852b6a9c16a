#include "tools/venue_entry.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "gateway/binance/account_form.h"
#include "gateway/binance/client_order_id.h"
#include "gateway/binance/json_text.h"
#include "gateway/binance/order_form.h"
#include "gateway/binance/user_event.h"
#include "tools/journals.h"
#include "tools/logging.h"
#include "tools/moment.h"
#include "tools/stop.h"

namespace reprise::tools {

namespace binance = gateway::binance;

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLongestStart = std::chrono::seconds(60);

}  // namespace

VenueEntry::VenueEntry(net::Loop& loop, const VenueRunOptions& options, std::function<void(const std::string&)> say)
    : loop_(loop), options_(options), say_(std::move(say)), stop_(stop_on_signals()) {}

template <class Condition>
bool VenueEntry::wait(Condition&& is_done) {
  const auto until = Clock::now() + kLongestStart;
  while (!is_done() && Clock::now() < until && !stop_.load(std::memory_order_relaxed)) loop_.turn(kTurn);
  return is_done();
}

Error VenueEntry::refused(std::string message, std::string hint) {
  is_refused_ = true;
  return io_error(std::move(message), std::move(hint));
}

Error VenueEntry::interrupted_or(Error error) const {
  return stop_.load(std::memory_order_relaxed) ? usage_error("stopped before the run began: nothing was traded")
                                               : std::move(error);
}

Status VenueEntry::measure_clock() {
  std::optional<std::string> problem;
  rest().measure_clock(5, [&](bool, const std::string& text) { problem = text; });
  if (!wait([&] { return problem.has_value(); }))
    return interrupted_or(io_error("the venue's clock: no answer from " + options_.url));
  if (!problem->empty())
    return io_error("the venue's clock cannot be read: " + *problem, "check the address and the network");
  const DurationNanos offset = rest().clock_offset();
  if (Status fit = judge({gateway::clock_check(facts_, offset)}); !fit) return fit;
  say_("venue clock " + seconds_text(static_cast<double>(offset.ns) / 1e9) + " ahead of ours, round trip " +
       seconds_text(static_cast<double>(rest().round_trip().ns) / 1e9));
  return ok_status();
}

Result<binance::VenueFacts> VenueEntry::fetch_facts(const std::vector<std::string>& names) {
  std::optional<Result<binance::VenueFacts>> facts;
  binance::fetch_venue_facts(rest(), names, [&](Result<binance::VenueFacts> result) { facts = std::move(result); });
  if (!wait([&] { return facts.has_value(); }))
    return interrupted_or(io_error("the venue does not say what its contracts are"));
  return std::move(*facts);
}

Result<binance::Answer> VenueEntry::ask(Result<binance::VenueRequest> request) {
  if (!request) return request.error();
  std::optional<binance::Answer> answer;
  rest().send(*request, [&](const binance::Answer& a) { answer = a; });
  if (!wait([&] { return answer.has_value(); }))
    return interrupted_or(io_error(std::string(request->path) + ": no answer"));
  return std::move(*answer);
}
// The setting, or that it was so already.
Status VenueEntry::set(const binance::VenueRequest& request, const std::string& what) {
  auto answer = ask(request);
  if (!answer) return answer.error();
  if (answer->is_ok || answer->judgement.fate == binance::Fate::accepted) return ok_status();
  return refused(what + " could not be set: " + answer->message,
                 "set it by hand where open orders or positions forbid it");
}

// What was found out, said; the first refusal ends the run before it began.
Status VenueEntry::judge(const std::vector<gateway::Check>& checks) {
  for (const gateway::Check& check : checks) {
    logging::info("check: " + check.name + ": " + check.text, {});
    if (check.verdict == gateway::Check::Verdict::noted) say_("note: " + check.name + ": " + check.text);
  }
  if (const gateway::Check* refusal = gateway::refusal_among(checks); refusal != nullptr)
    return refused(refusal->name + ": " + refusal->text, refusal->hint);
  return ok_status();
}

Status VenueEntry::check_offline(const std::vector<std::string>& kill_files) {
  std::error_code ignored;
  const std::filesystem::path journal = std::filesystem::absolute(options_.journal);
  facts_.accepted = options_.accepted;
  facts_.profiles = options_.loaded.files;
  facts_.confirmation = options_.confirmation;
  facts_.now = wall_clock_ns();
  if (auto report = config::read_profile(options_.drill_report); report.ok()) facts_.drill = std::move(*report);
  const auto space = std::filesystem::space(journal.parent_path(), ignored);
  facts_.free_disk_bytes = ignored ? 0 : space.available;
  for (const std::string& file : kill_files)
    facts_.kill_file_is_there = facts_.kill_file_is_there || std::filesystem::exists(file, ignored);
  facts_.durability = options_.durability == journal::Durability::buffered ? "buffered"
                      : options_.durability == journal::Durability::wal    ? "wal"
                                                                           : "sync";
  facts_.is_resumed = options_.resume;
  std::vector<gateway::Check> checks = gateway::offline_checks(facts_, options_.loaded.config);
  // Paper risks the machine alone.
  if (!options_.is_live)
    std::erase_if(checks, [](const gateway::Check& c) { return c.name != "disk" && c.name != "kill file"; });
  return judge(checks);
}

// What must be as the engine reckons, before anything is traded.
Status VenueEntry::check_account(const std::vector<std::string>& names) {
  auto hedge = ask(binance::hedge_mode());
  if (!hedge) return hedge.error();
  if (!hedge->is_ok)
    return io_error("the account's position mode cannot be read: " + hedge->message,
                    "check the API key and its permissions");
  if (Status fit = judge({gateway::position_mode_check(hedge->body)}); !fit) return fit;
  const auto key = std::make_shared<std::optional<binance::Answer>>();  // it may come when nobody waits any more
  rest().send_to(binance::Host::wallet, binance::key_restrictions(),
                 [key](const binance::Answer& answer) { *key = answer; });
  if (!wait([&] { return key->has_value(); }) && stop_.load()) return interrupted_or(io_error("stopped"));
  const bool is_told = *key && (*key)->is_ok;
  if (Status fit = judge({gateway::key_check(facts_, is_told ? std::optional((*key)->body) : std::nullopt,
                                             *key ? (*key)->told() : "no answer")});
      !fit)
    return fit;
  if (Status fit = check_capital(); !fit) return fit;
  if (options_.resume) return ok_status();  // set when it began
  const config::Config& config = options_.loaded.config;
  const bool is_isolated = config.account.margin_mode == "isolated";
  for (const std::string& name : names) {
    if (Status s =
            set(binance::set_margin_mode(name, is_isolated ? schema::MarginMode::ISOLATED : schema::MarginMode::CROSS),
                name + ": margin mode " + config.account.margin_mode);
        !s)
      return s;
    if (Status s = set(binance::set_leverage(name, config.account.leverage),
                       name + ": leverage " + std::to_string(config.account.leverage));
        !s)
      return s;
    auto rate = ask(binance::commission_rate(name));
    if (!rate) return rate.error();
    if (rate->is_ok) check_fees(name, rate->body);
  }
  return ok_status();
}

Status VenueEntry::check_capital() {
  auto answer = ask(binance::balances());
  if (!answer) return answer.error();
  auto balances = answer->is_ok ? binance::parse_balances(answer->body)
                                : Result<std::vector<binance::BalanceView>>(io_error(answer->told()));
  if (!balances) return io_error("the account's balance cannot be read: " + balances.error().message);
  Money wallet;
  for (const binance::BalanceView& balance : *balances)
    if (balance.asset == options_.loaded.config.account.settlement_asset) wallet = balance.wallet;
  return judge({gateway::capital_check(facts_, options_.loaded.config, wallet)});
}

void VenueEntry::check_fees(const std::string& name, const std::string& body) {
  gateway::json::Document document;
  document.Parse<gateway::json::kParseFlags>(body.data(), body.size());
  std::int64_t maker = 0, taker = 0;
  if (document.HasParseError() || !gateway::json::decimal(document, "makerCommissionRate", maker) ||
      !gateway::json::decimal(document, "takerCommissionRate", taker))
    return;
  const auto& fees = options_.loaded.config.fees;
  if (maker != fees.maker_rate_e8 || taker != fees.taker_rate_e8)
    say_("note: " + name + ": the account's fees differ from the configuration's (fees.maker_rate, fees.taker_rate)");
}

Status VenueEntry::cancel_orders_of(std::uint64_t run_tag) {
  const auto until = Clock::now() + kLongestStart;
  for (bool is_first = true;; is_first = false) {
    std::size_t left = 0;
    for (const bool is_algo : {false, true}) {
      auto answer = ask(is_algo ? binance::open_algo_orders() : binance::open_orders());
      if (!answer) return answer.error();
      auto open = answer->is_ok ? binance::parse_orders(answer->body)
                                : Result<std::vector<binance::OrderView>>(io_error(answer->told()));
      if (!open) return io_error("the orders of the run before cannot be read: " + open.error().message);
      for (const binance::OrderView& order : *open) {
        const binance::ClientId owner = binance::recognise(order.client_id, run_tag);
        if (owner.owner != binance::IdOwner::this_run) continue;
        ++left;
        const binance::OrderRef ref{order.symbol, 0, order.client_id};
        auto cancelled = ask(is_algo ? binance::cancel_algo_order(ref) : binance::cancel_order(ref));
        if (!cancelled) return cancelled.error();
        if (is_first) say_("the run before left order " + order.client_id + " of " + order.symbol + ": cancelled");
      }
    }
    if (left == 0) return ok_status();
    if (Clock::now() > until || stop_.load(std::memory_order_relaxed))
      return interrupted_or(io_error("the run before left orders that do not go away", "cancel them by hand"));
    if (!is_first) loop_.turn(kTurn);
  }
}

}  // namespace reprise::tools
