// Figures of many connections and of lost ones: the exchange's streams to a thousand clients, fifty slow ones among
// them, and how soon a live run trades again behind cut connections.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <map>

#include "gateway/net/websocket_client.h"
#include "tests/bench/live_peers.h"
#include "tests/support/test_certificates.h"

namespace reprise::bench {

namespace {

using journal::RecordType;
using journal::RecordView;

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// What is asked of the exchange is asked on its thread.
template <class Ask>
auto ask(Venue& venue, Ask ask) {
  std::promise<decltype(ask())> promise;
  auto answer = promise.get_future();
  venue.loop().post([&] { promise.set_value(ask()); });
  return answer.get();
}

// ------------------------------------------------------------------------------------------------ streams

// A thousand clients listen to one stream and read what comes; how long after the first of them each has a message is
// what one waits for the others.
class Listeners {
 public:
  Listeners(net::Loop& loop, std::uint16_t port, std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) {
      clients_.push_back(std::make_unique<Client>(*this));
      net::WebsocketOptions options;
      options.host = "127.0.0.1";
      options.port = port;
      options.target = "/market/ws/btcusdt@markPrice@1s";
      clients_.back()->socket = must(net::open_websocket(loop, std::move(options), *clients_.back()));
      while (clients_.back()->opened == 0) loop.turn(kShort);
    }
  }
  std::size_t size() const { return clients_.size(); }

  struct Spread {
    std::uint64_t messages = 0;    // said to all
    std::uint64_t deliveries = 0;  // of them
    double p99_ms = 0, worst_ms = 0;
  };
  // Of the messages that came since the last call; those of the last moment count in the next.
  Spread take() {
    Spread found;
    std::vector<double> ms;
    while (heard_.size() > 1) {
      const auto first = heard_.begin();
      ++found.messages;
      found.deliveries += first->second.size();
      for (const std::int64_t at : first->second) ms.push_back(static_cast<double>(at - first->second.front()) * 1e-6);
      heard_.erase(first);
    }
    if (!ms.empty()) found.p99_ms = percentile(ms, 0.99), found.worst_ms = percentile(ms, 1.0);
    return found;
  }

 private:
  struct Client final : net::WebsocketHandler {
    explicit Client(Listeners& owner) : all(owner) {}
    void on_open() override { opened = steady_ns(); }
    void on_text(std::string_view text) override {
      const std::size_t at = text.find("\"E\":");
      if (at != text.npos) all.heard_[std::strtoll(text.data() + at + 4, nullptr, 10)].push_back(steady_ns());
    }
    void on_end(const net::WebsocketEnd& end) override { fail(io_error("a listener was dropped: " + end.text)); }
    Listeners& all;
    std::int64_t opened = 0;
    std::unique_ptr<net::WebsocketClient> socket;
  };
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<std::int64_t, std::vector<std::int64_t>> heard_;  // by the message's time
};

// A client that asks for much and takes nothing.
int deaf_client(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int small = 4'096;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request =
      "GET /public/stream?streams=btcusdt@bookTicker/btcusdt@depth@100ms/btcusdt@depth20@100ms/btcusdt@depth "
      "HTTP/1.1\r\n"
      "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::send(socket, request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
    fail(io_error("a slow client cannot connect"));
  return socket;
}

void measure_streams(Bench& bench, std::size_t listeners, std::size_t slow, double seconds) {
  bench.say("streams to many");
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  VenueOptions options;
  options.speed = 10;  // ten mark prices a second
  Venue venue(sim::RunSink::none(), options);
  net::Loop loop;
  const double before = resident_mib();
  Listeners all(loop, venue.port(), listeners);
  const auto listen = [&](double length, auto&& is_done) {
    for (const double until = wall_now() + length; wall_now() < until && !is_done();) loop.turn(kShort);
  };
  const auto never = [] { return false; };
  listen(0.3, never);
  (void)all.take();
  listen(seconds, never);
  const Listeners::Spread alone = all.take();
  const double with_all = resident_mib();
  std::vector<int> deaf;
  for (std::size_t n = 0; n < slow; ++n) deaf.push_back(deaf_client(venue.port()));
  // Kernel buffers and the queues of the slow ones fill; then they are dropped.
  std::uint64_t dropped = 0, queued_peak = 0;
  double peak = with_all, next_look = 0;
  listen(seconds * 20, [&] {
    if (wall_now() < next_look) return false;
    next_look = wall_now() + 0.1;
    const net::ServerCounts counts = ask(venue, [&] { return venue.server().connection_counts(); });
    dropped = counts.slow_dropped;
    queued_peak = std::max(queued_peak, counts.queued_bytes);
    peak = std::max(peak, resident_mib());
    return dropped >= slow;
  });
  const Listeners::Spread among = all.take();
  for (const int socket : deaf) ::close(socket);
  const auto text = [](double value) { return tools::fixed_text(value, 1); };
  const auto share = [&](const Listeners::Spread& s) {
    return s.messages == 0 ? 1.0 : static_cast<double>(s.deliveries) / static_cast<double>(s.messages * all.size());
  };
  const std::string clients = std::to_string(all.size()) + " listeners";
  bench.figures.push_back(figure_of(
      "streams: last of the listeners behind the first, p99", among.p99_ms, "ms", std::nullopt, Better::lower,
      clients + " and " + std::to_string(slow) + " slow clients on this machine's cores; " + text(alone.p99_ms) +
          " ms without the slow ones, worst " + text(among.worst_ms) + " and " + text(alone.worst_ms)));
  bench.figures.push_back(figure_of("streams: messages that every listener got",
                                    100 * std::min(share(alone), share(among)), "%", 100, Better::higher,
                                    std::to_string(alone.messages) + " messages without and " +
                                        std::to_string(among.messages) + " with slow clients"));
  bench.figures.push_back(figure_of("streams: slow clients dropped",
                                    slow == 0 ? 100 : 100.0 * static_cast<double>(dropped) / static_cast<double>(slow),
                                    "%", 100, Better::higher,
                                    std::to_string(dropped) + " of " + std::to_string(slow) + "; at most " +
                                        text(static_cast<double>(queued_peak) / (1 << 20)) + " MiB waited for them"));
  bench.figures.push_back(
      figure_of("streams: memory of a connection, both sides",
                (with_all - before) * 1'024 / static_cast<double>(all.size()), "KiB", std::nullopt, Better::lower,
                "whole process " + text(with_all) + " MiB, at most " + text(peak) + " with the slow ones"));
}

// ------------------------------------------------------------------------------------------------ resync

constexpr const char* kPrivate = "private stream";

// All connections of a live run are cut while the exchange goes on; until account and book are in step again.
void measure_resync(Bench& bench, const test::TestCertificates& certificates, int cuts) {
  bench.say("reconnect and resync");
  VenueOptions options;
  options.tls = net::ServerTls{certificates.good.certificate, certificates.good.key};
  Venue venue(sim::RunSink::none(), std::move(options));
  bool has_account = false, has_book = false, lost_account = false, lost_book = false;
  BotOptions trading;
  trading.url = "https://localhost:" + std::to_string(venue.port());
  trading.authority = certificates.authority;
  trading.settled = DurationNanos::millis(200);
  trading.on_record = [&](const RecordView& record) {
    switch (record.type()) {
      case RecordType::FEED_CONNECTED:
        has_account |= journal::read<schema::FeedConnected>(record).getSource() == kPrivate;
        return;
      case RecordType::FEED_DISCONNECTED:
        if (journal::read<schema::FeedDisconnected>(record).getSource() == kPrivate)
          has_account = false, lost_account = true;
        else
          has_book = false, lost_book = true;
        return;
      case RecordType::FEED_RESYNC: has_book = true; return;
      default: return;
    }
  };
  Bot bot(journal_at(bench.place + "/resync", schema::RunMode::LIVE), std::move(trading));
  const auto turn_until = [&](auto&& is_done) {
    for (const double until = wall_now() + 30; !is_done();) {
      if (wall_now() > until) fail(io_error("the live run does not come back"));
      bot.turn(kShort);
    }
  };
  const auto is_whole = [&] { return has_account && has_book; };
  std::vector<double> ms;
  for (int n = 0; n < cuts; ++n) {
    turn_until(is_whole);
    const double steady = wall_now() + 0.5;
    turn_until([&] { return wall_now() > steady; });
    const std::int64_t cut = steady_ns();
    must(ask(venue, [&] { return venue.server().add_fault(R"({"fault":"disconnect","path":"/"})"); }));
    lost_account = lost_book = false;
    turn_until([&] { return lost_account && lost_book && is_whole(); });
    ms.push_back(static_cast<double>(steady_ns() - cut) * 1e-6);
  }
  bench.figures.push_back(
      figure_of("reconnect and resync: all connections cut, until account and book are in step", median(ms), "ms", 300,
                Better::lower,
                std::to_string(cuts) + " cuts, longest " + tools::fixed_text(percentile(ms, 1.0), 0) +
                    " ms; TLS, snapshot, reconciliation and the pause before the first attempt are in it"));
}

}  // namespace

void measure_connections(Bench& bench) {
  const test::TestCertificates certificates;
  const std::uint64_t size = bench.size.commits;  // 20,000; 200 when tiny
  const bool is_tiny = size <= 1'000;
  measure_streams(bench, is_tiny ? 20 : 950, is_tiny ? 0 : 50, is_tiny ? 0.3 : 5);
  measure_resync(bench, certificates, is_tiny ? 1 : 20);
}

}  // namespace reprise::bench
