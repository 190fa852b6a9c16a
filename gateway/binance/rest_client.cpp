#include "gateway/binance/rest_client.h"

#include <algorithm>

#include "engine/market/fixed.h"
#include "gateway/binance/account_form.h"
#include "gateway/binance/json_text.h"

namespace reprise::gateway::binance {

namespace {

// The code and text of an error body; nothing for a body that is data.
void read_error(const std::string& body, Answer& answer) {
  json::Document document;
  document.Parse<json::kParseFlags>(body.data(), body.size());
  if (document.HasParseError() || !document.IsObject()) {
    if (answer.http_status < 200 || answer.http_status > 299) answer.message = body.substr(0, 200);
    return;
  }
  if (json::member(document, "msg") == nullptr) return;
  std::int64_t code = 0;
  const bool has_code = json::integer(document, "code", code);
  if (code == 200) return;
  if (has_code) answer.code = static_cast<std::int32_t>(std::clamp<std::int64_t>(code, INT32_MIN, INT32_MAX));
  // "Service Unavailable." comes without a code: its text alone says that nothing was done.
  if (has_code || answer.http_status < 200 || answer.http_status > 299) answer.message = json::text(document, "msg");
}

}  // namespace

std::string Answer::told() const {
  std::string text = code ? std::to_string(*code) + " " : std::string();
  if (!code && http_status != 0) text = "HTTP " + std::to_string(http_status) + " ";
  return text + (message.empty() ? judgement.meaning : message);
}

struct RestClient::Probes {
  int left = 0;
  bool any = false;
  DurationNanos offset, round_trip;
  std::string problem;
  Measured done;
};

RestClient::RestClient(Wire& wire, const Options& options, RestListener* listener)
    : wire_(wire), options_(options), listener_(listener), limiter_(options.limits) {}

RestClient::~RestClient() {
  *alive_ = false;
  wire_.scheduler().cancel(wake_);
}

Status RestClient::use(Credentials credentials) {
  auto signer = Signer::of_key(credentials.api_secret);
  if (!signer) return signer.error();
  signer_.emplace(std::move(signer).value());
  credentials_.emplace(std::move(credentials));
  return ok_status();
}

void RestClient::send(const VenueRequest& request, Done done) {
  send_to(Host::rest, request, std::move(done));
}

void RestClient::send_to(Host host, const VenueRequest& request, Done done) {
  Answer refused;
  refused.judgement = judge_silence(request.kind, false);
  if (request.security != Security::none && !credentials_) {
    refused.message = std::string(request.path) + " needs an API key, and there is none";
    return fail_soon(std::move(done), std::move(refused));
  }
  if (waiting_.size() >= options_.most_waiting) {
    refused.message = "too many requests wait for the venue's limits already";
    return fail_soon(std::move(done), std::move(refused));
  }
  const auto behind = std::find_if(waiting_.begin(), waiting_.end(),
                                   [&](const Waiting& w) { return w.request.purpose > request.purpose; });
  waiting_.insert(behind, {host, request, std::move(done)});
  pump();
}

void RestClient::fail_soon(Done done, Answer answer) {
  wire_.scheduler().post([alive = alive_, done = std::move(done), answer = std::move(answer)] {
    if (*alive) done(answer);
  });
}

void RestClient::pump() {
  wire_.scheduler().cancel(wake_);
  wake_ = 0;
  const UnixNanos now = venue_now();
  std::optional<UnixNanos> earliest;
  std::array<bool, kPurposes> blocked{};
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto purpose = static_cast<std::size_t>(it->request.purpose);
    if (blocked[purpose]) {
      ++it;
      continue;
    }
    const Admission admission =
        it->host == Host::rest ? limiter_.may(it->request.cost, it->request.purpose, now) : Admission{};
    if (admission.answer == Admission::Answer::later) {
      blocked[purpose] = true;
      if (!earliest || admission.earliest < *earliest) earliest = admission.earliest;
      ++it;
      continue;
    }
    Waiting next = std::move(*it);
    it = waiting_.erase(it);
    if (admission.answer == Admission::Answer::never) {
      Answer answer;
      answer.judgement = judge_silence(next.request.kind, false);
      answer.message = std::string("the venue's limits never allow it: ") + admission.reason;
      fail_soon(std::move(next.done), std::move(answer));
      continue;
    }
    leave(std::move(next));
  }
  if (!earliest) return;
  const std::int64_t pause = std::max<std::int64_t>((*earliest - now).ns, kMillisecond);
  wake_ = wire_.scheduler().after(net::Duration(pause), [this] {
    wake_ = 0;
    pump();
  });
}

void RestClient::use_ws_api(const WsApi::Options& options) {
  ws_api_ = std::make_unique<WsApi>(wire_, options, [this] { return may_connect_ws_api(); });
}

bool RestClient::may_connect_ws_api() {
  const RequestCost cost{WsApi::kConnectWeight, 0, 0, 0, 0};
  const UnixNanos now = venue_now();
  if (!limiter_.may(cost, Purpose::query, now).may_go()) return false;
  (void)limiter_.on_response(limiter_.on_sent(cost, now), {}, now);
  return true;
}

bool RestClient::leave_by_ws_api(const Waiting& waiting) {
  if (ws_api_ == nullptr || waiting.host != Host::rest || *waiting.request.ws_method == '\0' || !ws_api_->is_open())
    return false;
  auto form =
      ws_form(waiting.request, {venue_now(), options_.recv_window_millis},
              credentials_ ? credentials_->api_key.reveal() : std::string_view(), signer_ ? &*signer_ : nullptr);
  if (!form) return false;
  const UnixNanos sent = wire_.clock();
  const RateTicket ticket = limiter_.on_sent(waiting.request.cost, sent + offset_);
  const bool is_taken = ws_api_->send(waiting.request.ws_method, *form, options_.time,
                                      [this, alive = alive_, waiting, ticket, sent](net::HttpResult result) {
                                        if (*alive) on_result(waiting, ticket, sent, std::move(result));
                                      });
  if (!is_taken) limiter_.on_no_answer(ticket, sent + offset_);
  return is_taken;
}

void RestClient::leave(Waiting waiting) {
  if (leave_by_ws_api(waiting)) return;
  const VenueRequest& request = waiting.request;
  auto form = rest_form(request, {venue_now(), options_.recv_window_millis}, signer_ ? &*signer_ : nullptr);
  if (!form) {
    Answer answer;
    answer.judgement = judge_silence(request.kind, false);
    answer.message = form.error().message;
    return fail_soon(std::move(waiting.done), std::move(answer));
  }
  net::Request http;
  http.method = name_of(request.method);
  const std::size_t mark = form->target.find('?');
  http.path = form->target.substr(0, mark);
  if (mark != std::string::npos) http.query = form->target.substr(mark + 1);
  if (request.security != Security::none) http.headers.add("X-MBX-APIKEY", std::string(credentials_->api_key.reveal()));
  const UnixNanos sent = wire_.clock();
  const RateTicket ticket = waiting.host == Host::rest ? limiter_.on_sent(request.cost, sent + offset_) : RateTicket{};
  const Host host = waiting.host;
  wire_.request(host, std::move(http), options_.time,
                [this, alive = alive_, waiting = std::move(waiting), ticket, sent](net::HttpResult result) {
                  if (*alive) on_result(waiting, ticket, sent, std::move(result));
                });
}

void RestClient::on_result(const Waiting& waiting, RateTicket ticket, UnixNanos sent, net::HttpResult result) {
  Answer answer;
  answer.received = wire_.clock();
  const bool is_counted = waiting.host == Host::rest;
  const UnixNanos now = answer.received + offset_;
  if (result.fate != net::Fate::answered) {
    const bool was_sent = result.fate == net::Fate::unknown;
    if (was_sent) answer.sent = sent;
    answer.http_status = result.response.status;
    answer.message = result.problem;
    answer.judgement = judge_silence(waiting.request.kind, was_sent);
    if (result.fate == net::Fate::not_sent) answer.http_status = 0;
    if (is_counted) limiter_.on_no_answer(ticket, now);
  } else {
    answer.sent = sent;
    answer.http_status = result.response.status;
    answer.body = std::move(result.response.body);
    read_error(answer.body, answer);
    const bool is_success = answer.http_status >= 200 && answer.http_status <= 299;
    answer.is_ok = is_success && !answer.code;
    VenueAnswer said{answer.http_status, answer.code, TextKind::none};
    if (!answer.is_ok) said.text = text_kind(answer.message);
    answer.judgement = judge(waiting.request.kind, said);
    if (is_counted) {
      RateFeedback feedback;
      feedback.http_status = answer.http_status;
      feedback.code = answer.code;
      for (const auto& [name, value] : result.response.headers) read_header(feedback, name, value);
      if (answer.code) feedback.banned_until = banned_until(answer.message);
      const auto pause = limiter_.on_response(ticket, feedback, now);
      if (listener_ != nullptr) {
        if (pause) listener_->on_pause(*pause);
        for (const LimitUse& use : limiter_.uses(now)) {
          const bool is_told = std::any_of(feedback.used.begin(), feedback.used.end(), [&](const UsedCount& count) {
            return count.kind == use.rule.kind && count.interval == use.rule.interval;
          });
          if (is_told && *alive_) listener_->on_limit_use(use, now);
        }
      }
    }
  }
  const auto alive = alive_;
  waiting.done(answer);
  if (*alive && !waiting_.empty()) pump();
}

// ------------------------------------------------------------------------------------------ the clock

void RestClient::measure_clock(int probes, Measured done) {
  auto all = std::make_shared<Probes>();
  all->left = std::max(probes, 1);
  all->done = std::move(done);
  probe(std::move(all));
}

void RestClient::probe(std::shared_ptr<Probes> probes) {
  send(server_time(), [this, probes](const Answer& answer) {
    json::Document document;
    document.Parse<json::kParseFlags>(answer.body.data(), answer.body.size());
    std::int64_t millis = 0;
    if (answer.is_ok && !document.HasParseError() && json::integer(document, "serverTime", millis) && millis > 0 &&
        millis < INT64_MAX / kMillisecond) {
      const DurationNanos way = answer.received - answer.sent;
      // The venue read its clock somewhere on the way, in whole milliseconds: half of both is the best guess.
      const UnixNanos middle = answer.sent + DurationNanos{way.ns / 2};
      if (!probes->any || way < probes->round_trip) {
        probes->any = true;
        probes->round_trip = way;
        probes->offset = UnixNanos{millis * kMillisecond + kMillisecond / 2} - middle;
      }
    } else {
      probes->problem = answer.message.empty() ? "an answer without serverTime" : answer.message;
    }
    if (--probes->left > 0) return probe(probes);
    if (probes->any) {
      offset_ = probes->offset;
      round_trip_ = probes->round_trip;
      limiter_.set_clock_error(DurationNanos{round_trip_.ns / 2 + kMillisecond});
    }
    probes->done(probes->any, probes->any ? std::string() : probes->problem);
  });
}

}  // namespace reprise::gateway::binance
