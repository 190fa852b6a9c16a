#include "gateway/binance/venue_facts.h"

#include <algorithm>
#include <map>
#include <memory>

#include "config/values.h"
#include "gateway/binance/account_form.h"
#include "gateway/binance/json_text.h"
#include "gateway/binance/rate_limits.h"

namespace reprise::gateway::binance {

namespace {

constexpr std::size_t kMostSpellings = 3;
constexpr std::size_t kNear = 2;  // letters that may differ

using Listing = std::map<std::string, std::string, std::less<>>;  // symbol -> status

Result<Listing> listing_of(std::string_view exchange_info) {
  json::Document document;
  document.Parse<json::kParseFlags>(exchange_info.data(), exchange_info.size());
  const json::Value* symbols = document.HasParseError() ? nullptr : json::member(document, "symbols");
  if (symbols == nullptr || !symbols->IsArray())
    return corrupt_error("exchangeInfo: the answer holds no list of symbols", "is this address a Binance USD-M venue?");
  Listing listing;
  for (const json::Value& s : symbols->GetArray()) listing.emplace(json::text(s, "symbol"), json::text(s, "status"));
  return listing;
}

// What is spelled alike, the nearest first; then what begins the same way ("BTC" for BTCUSDT).
std::vector<std::string> near_spellings(const Listing& listing, const std::string& symbol) {
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const auto& [name, status] : listing) {
    const std::size_t distance = config::edit_distance(symbol, name);
    if (distance <= kNear) {
      found.emplace_back(distance, name);
    } else if (symbol.size() >= 3 && name.starts_with(symbol)) {
      found.emplace_back(kNear + name.size() - symbol.size(), name);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < found.size() && i < kMostSpellings; ++i) names.push_back(found[i].second);
  return names;
}

Status check_listed(const Listing& listing, const std::string& symbol) {
  const auto found = listing.find(symbol);
  if (found == listing.end()) {
    std::string hint;
    for (const std::string& name : near_spellings(listing, symbol))
      hint += (hint.empty() ? "did you mean " : ", ") + name;
    if (hint.empty())
      hint = "symbols are spelled as the venue does, for example BTCUSDT; it lists " + std::to_string(listing.size());
    return usage_error("the venue does not list " + symbol, hint);
  }
  if (found->second != "TRADING")
    return usage_error(symbol + " is not traded now: its status is " + found->second, "leave it away, or try later");
  return ok_status();
}

// Hours by symbol, of those that fundingInfo lists.
std::map<std::string, std::uint16_t, std::less<>> intervals_of(std::string_view funding) {
  std::map<std::string, std::uint16_t, std::less<>> hours;
  json::Document document;
  document.Parse<json::kParseFlags>(funding.data(), funding.size());
  if (document.HasParseError() || !document.IsArray()) return hours;
  for (const json::Value& entry : document.GetArray()) {
    std::int64_t interval = 0;
    if (json::integer(entry, "fundingIntervalHours", interval) && interval >= 1 && interval <= 24)
      hours[std::string(json::text(entry, "symbol"))] = static_cast<std::uint16_t>(interval);
  }
  return hours;
}

struct Fetch {
  std::vector<std::string> symbols;
  FactsDone done;
  std::string exchange_info, brackets, funding;
  std::vector<std::string> notes;
};

std::string failure_of(const Answer& answer) {
  if (answer.http_status == 0) return answer.message.empty() ? "no answer" : answer.message;
  std::string text = "HTTP " + std::to_string(answer.http_status);
  if (answer.code) text += ", code " + std::to_string(*answer.code);
  return answer.message.empty() ? text : text + ": " + answer.message;
}

void finish(const std::shared_ptr<Fetch>& fetch) {
  auto facts = venue_facts_of(fetch->exchange_info, fetch->brackets, fetch->funding, fetch->symbols);
  if (!facts) return fetch->done(facts.error());
  facts->notes.insert(facts->notes.begin(), fetch->notes.begin(), fetch->notes.end());
  fetch->done(std::move(facts));
}

void fetch_brackets(RestClient& rest, const std::shared_ptr<Fetch>& fetch) {
  if (!rest.has_credentials()) return finish(fetch);
  rest.send(leverage_brackets(), [fetch](const Answer& answer) {
    if (answer.is_ok) {
      fetch->brackets = answer.body;
    } else {
      fetch->notes.push_back("margin brackets: " + failure_of(answer) + "; the shipped ones stand in");
    }
    finish(fetch);
  });
}

void fetch_funding(RestClient& rest, const std::shared_ptr<Fetch>& fetch) {
  rest.send(funding_info(), [&rest, fetch](const Answer& answer) {
    if (answer.is_ok) {
      fetch->funding = answer.body;
    } else {
      fetch->notes.push_back("funding intervals: " + failure_of(answer) + "; taken as 8 hours");
    }
    fetch_brackets(rest, fetch);
  });
}

}  // namespace

Result<VenueFacts> venue_facts_of(std::string_view exchange_info, std::string_view brackets, std::string_view funding,
                                  const std::vector<std::string>& symbols) {
  auto listing = listing_of(exchange_info);
  if (!listing) return listing.error();
  for (const std::string& symbol : symbols) {
    if (Status listed = check_listed(*listing, symbol); !listed) return listed.error();
  }
  InstrumentTable table;
  if (Status added = table.add_json(exchange_info, "exchangeInfo", Venue::BINANCE_USDM); !added) return added.error();
  VenueFacts facts;
  if (!brackets.empty()) {
    if (Status added = table.add_json(brackets, "leverageBracket", Venue::BINANCE_USDM); !added) return added.error();
  }
  const auto intervals = intervals_of(funding);
  for (const std::string& symbol : symbols) {
    auto spec = table.find(Venue::BINANCE_USDM, symbol);
    if (!spec || spec->filters_are_defaults)
      return corrupt_error("exchangeInfo: " + symbol + " has no tick size or no lot size",
                           "the answer is no USD-M exchangeInfo, or the contract is not ready to be traded");
    if (const auto found = intervals.find(symbol); found != intervals.end())
      spec->funding_interval_hours = found->second;
    if (spec->tiers_are_defaults)
      facts.notes.push_back(symbol + ": margin brackets are shipped ones (the venue tells them to a key only)");
    facts.instruments.push_back(std::move(*spec));
  }
  return facts;
}

void fetch_venue_facts(RestClient& rest, std::vector<std::string> symbols, FactsDone done) {
  auto fetch = std::make_shared<Fetch>();
  fetch->symbols = std::move(symbols);
  fetch->done = std::move(done);
  rest.send(exchange_info(), [&rest, fetch](const Answer& answer) {
    if (!answer.is_ok)
      return fetch->done(io_error("exchangeInfo: " + failure_of(answer),
                                  "check the address and the connection; the venue's status page tells of outages"));
    fetch->exchange_info = answer.body;
    auto limits = limits_of_exchange_info(answer.body);
    if (limits) {
      rest.limiter().learn_limits(*limits);
    } else {
      fetch->notes.push_back("limits: " + limits.error().message + "; the known ones stay");
    }
    fetch_funding(rest, fetch);
  });
}

}  // namespace reprise::gateway::binance
