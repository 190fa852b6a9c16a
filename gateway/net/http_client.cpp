#include "gateway/net/http_client.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/net/dial.h"
#include "gateway/net/http_exchange.h"

namespace reprise::net {

namespace {

constexpr int kMostAttempts = 3;  // of a request of which nothing was written

struct Waiting {
  std::string text;  // the whole request
  bool head_only = false;
  TimerId deadline = 0;
  int attempts = 0;
  HttpClient::Done done;
  std::shared_ptr<HttpExchange> exchange;  // once it is under way
};

using RequestId = std::uint64_t;

std::string host_field(const HttpClientOptions& options) {
  const bool usual = options.port == (options.tls ? 443 : 80);
  const std::string host = options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]";
  return usual ? host : host + ":" + std::to_string(options.port);
}

class PooledClient final : public HttpClient {
 public:
  PooledClient(Loop& loop, HttpClientOptions options, std::shared_ptr<TlsContext> tls)
      : loop_(loop), options_(std::move(options)), tls_(std::move(tls)), host_(host_field(options_)) {}
  ~PooledClient() override;

  void send(Request request, Duration time, Done done) override;
  void warm(std::size_t connections) override {
    while (idle_.size() + dials_.size() + busy_ < std::min(connections, options_.connections)) dial();
  }
  std::size_t open_connections() const override { return idle_.size() + busy_; }

 private:
  void refuse(Done done, std::string problem);
  void pump();
  void dial();
  void dialled(const std::shared_ptr<Dial>& dial, std::shared_ptr<Transport> transport, std::string problem);
  void keep(const std::shared_ptr<HttpExchange>& exchange);
  void begin(RequestId id, const std::shared_ptr<HttpExchange>& exchange);
  void ended(RequestId id, const std::shared_ptr<HttpExchange>& exchange, HttpResult result, bool keep_it);
  void deadline_over(RequestId id);
  void finish(RequestId id, HttpResult result);
  void close_old();

  Loop& loop_;
  const HttpClientOptions options_;
  const std::shared_ptr<TlsContext> tls_;
  const std::string host_;
  std::unordered_map<RequestId, Waiting> requests_;
  std::deque<RequestId> queue_;
  RequestId last_request_ = 0;
  std::vector<std::shared_ptr<HttpExchange>> idle_;  // the one used last stands at the end
  std::vector<std::shared_ptr<Dial>> dials_;
  std::size_t busy_ = 0;
  TimerId idle_timer_ = 0;
  std::shared_ptr<PooledClient*> self_ = std::make_shared<PooledClient*>(this);  // posted functions hold it weakly
};

PooledClient::~PooledClient() {
  self_.reset();
  loop_.cancel(idle_timer_);
  for (const auto& dial : dials_) dial->cancel();
  for (const auto& exchange : idle_) exchange->close();
  for (auto& [id, request] : requests_) {
    loop_.cancel(request.deadline);
    request.done = nullptr;
  }
  const auto requests = std::move(requests_);
  requests_.clear();
  for (const auto& [id, request] : requests) {
    if (request.exchange) request.exchange->abandon("the client ended", false);
  }
}

void PooledClient::refuse(Done done, std::string problem) {
  loop_.post([done = std::move(done), problem = std::move(problem), now = loop_.now(),
              alive = std::weak_ptr<PooledClient*>(self_)] {
    if (alive.expired()) return;
    HttpResult result;
    result.problem = problem;
    result.ended_at = now;
    done(std::move(result));
  });
}

void PooledClient::send(Request request, Duration time, Done done) {
  if (requests_.size() >= options_.waiting_requests) return refuse(std::move(done), "too many requests wait already");
  const RequestId id = ++last_request_;
  Waiting waiting;
  waiting.text = head_of(request, host_, true) + request.body;
  waiting.head_only = request.method == "HEAD";
  waiting.done = std::move(done);
  waiting.deadline = loop_.after(time, [this, id] { deadline_over(id); });
  requests_.emplace(id, std::move(waiting));
  queue_.push_back(id);
  pump();
}

// Gives waiting requests to free connections, and opens connections for the others.
void PooledClient::pump() {
  while (!queue_.empty()) {
    if (!requests_.contains(queue_.front())) {  // its deadline is over
      queue_.pop_front();
      continue;
    }
    while (!idle_.empty() && !idle_.back()->is_fit()) {
      idle_.back()->close();
      idle_.pop_back();
    }
    if (idle_.empty()) break;
    const std::shared_ptr<HttpExchange> exchange = std::move(idle_.back());
    idle_.pop_back();
    const RequestId id = queue_.front();
    queue_.pop_front();
    begin(id, exchange);
  }
  while (dials_.size() < queue_.size() && dials_.size() + busy_ + idle_.size() < options_.connections) dial();
}

void PooledClient::dial() {
  DialTarget target;
  target.host = options_.host;
  target.port = options_.port;
  target.tls = tls_;
  if (options_.tls) target.server_name = options_.tls->server_name.empty() ? options_.host : options_.tls->server_name;
  target.time = options_.connect_time;
  const auto slot = std::make_shared<std::weak_ptr<Dial>>();
  dials_.push_back(Dial::start(loop_.core(), std::move(target),
                               [this, slot](std::shared_ptr<Transport> transport, std::string problem) {
                                 dialled(slot->lock(), std::move(transport), std::move(problem));
                               }));
  *slot = dials_.back();
}

void PooledClient::dialled(const std::shared_ptr<Dial>& dial, std::shared_ptr<Transport> transport,
                           std::string problem) {
  std::erase(dials_, dial);
  if (transport && !transport->is_quiet()) {  // a server that is full closes at once
    transport->close();
    transport = nullptr;
    problem = options_.host + ": the server closed the new connection";
  }
  if (transport) {
    keep(std::make_shared<HttpExchange>(loop_.core(), std::move(transport), options_));
    return pump();
  }
  // With no other connection there is nobody to wait for; with others one request fails for one failed attempt.
  const std::weak_ptr<PooledClient*> alive = self_;
  while (!queue_.empty() && !alive.expired()) {
    const RequestId id = queue_.front();
    queue_.pop_front();
    if (!requests_.contains(id)) continue;
    HttpResult result;
    result.problem = problem;
    result.ended_at = loop_.now();
    finish(id, std::move(result));
    break;
  }
  if (!alive.expired()) pump();
}

void PooledClient::keep(const std::shared_ptr<HttpExchange>& exchange) {
  idle_.push_back(exchange);
  exchange->wait([this, weak = std::weak_ptr<HttpExchange>(exchange)] {
    const auto lost = weak.lock();
    if (!lost) return;
    std::erase(idle_, lost);
    lost->close();
  });
  if (idle_timer_ == 0) idle_timer_ = loop_.after(options_.idle_time / 4, [this] { close_old(); });
}

void PooledClient::close_old() {
  idle_timer_ = 0;
  const std::int64_t now = loop_.now();
  std::erase_if(idle_, [&](const std::shared_ptr<HttpExchange>& exchange) {
    if (now - exchange->idle_since() < options_.idle_time.count()) return false;
    exchange->close();
    return true;
  });
  if (!idle_.empty()) idle_timer_ = loop_.after(options_.idle_time / 4, [this] { close_old(); });
}

void PooledClient::begin(RequestId id, const std::shared_ptr<HttpExchange>& exchange) {
  Waiting& request = requests_.at(id);
  request.exchange = exchange;
  ++busy_;
  exchange->start(request.text, request.head_only,
                  [this, id, exchange, alive = std::weak_ptr<PooledClient*>(self_)](HttpResult result, bool keep_it) {
                    if (!alive.expired()) ended(id, exchange, std::move(result), keep_it);
                  });
}

void PooledClient::ended(RequestId id, const std::shared_ptr<HttpExchange>& exchange, HttpResult result, bool keep_it) {
  --busy_;
  const auto request = requests_.find(id);
  if (request == requests_.end()) return;
  request->second.exchange = nullptr;
  if (keep_it) keep(exchange);
  // A kept connection may turn out dead at the first byte. Nothing was written, so the request takes another one;
  // its deadline still runs.
  if (result.fate == Fate::not_sent && !result.timed_out && ++request->second.attempts < kMostAttempts) {
    queue_.push_front(id);
    return pump();
  }
  const std::weak_ptr<PooledClient*> alive = self_;
  finish(id, std::move(result));
  if (!alive.expired()) pump();
}

void PooledClient::deadline_over(RequestId id) {
  const auto request = requests_.find(id);
  if (request == requests_.end()) return;
  if (request->second.exchange) {
    const auto exchange = request->second.exchange;
    return exchange->abandon("no answer in time", true);
  }
  HttpResult result;
  result.problem = "no connection was free in time";
  result.timed_out = true;
  result.ended_at = loop_.now();
  finish(id, std::move(result));
}

void PooledClient::finish(RequestId id, HttpResult result) {
  const auto request = requests_.find(id);
  const Done done = std::move(request->second.done);
  loop_.cancel(request->second.deadline);
  requests_.erase(request);
  done(std::move(result));
}

}  // namespace

Result<std::unique_ptr<HttpClient>> make_http_client(Loop& loop, HttpClientOptions options) {
  std::shared_ptr<TlsContext> tls;
  if (options.tls) {
    Result<std::shared_ptr<TlsContext>> context = TlsContext::client(*options.tls);
    if (!context.ok()) return context.error();
    tls = *context;
  }
  return std::unique_ptr<HttpClient>(std::make_unique<PooledClient>(loop, std::move(options), std::move(tls)));
}

}  // namespace reprise::net
