#include "gateway/run/kill_control.h"

#include <algorithm>
#include <filesystem>

#include "gateway/net/bearer.h"

namespace reprise::gateway {

Result<std::unique_ptr<KillControl>> KillControl::start(net::Loop& loop, KillControlOptions options, Engage engage,
                                                        Resume resume, State state) {
  std::optional<net::ServerOptions> port = options.port;
  std::unique_ptr<KillControl> control(
      new KillControl(std::move(options), std::move(engage), std::move(resume), std::move(state)));
  if (!port) return control;
  if (control->options_.token.empty()) return usage_error("the control port has no token", "set REPRISE_CONTROL_TOKEN");
  port->limits.connections = 16;
  port->limits.body_bytes = 4u << 10;
  auto server = net::start_server(loop, std::move(*port), *control);
  if (!server) return server.error();
  control->server_ = std::move(server).value();
  return control;
}

void KillControl::engage(const std::string& why) {
  if (is_engaged_) return;
  is_engaged_ = true;
  engage_(why);
}

bool KillControl::is_a_file_there() const {
  std::error_code ignored;
  return std::any_of(options_.files.begin(), options_.files.end(),
                     [&](const std::string& file) { return std::filesystem::exists(file, ignored); });
}

void KillControl::look() {
  if (is_engaged_) return;
  if (options_.signal != nullptr && options_.signal->exchange(false)) return engage("a signal came");
  if (is_a_file_there()) engage("the kill file is there");
}

void KillControl::on_request(net::Request request, net::Reply reply) {
  if (!net::has_bearer_token(request, options_.token.reveal())) return reply.send(net::token_refusal());
  const auto answer = [&](int status, std::string body) { reply.send(net::operator_answer(status, std::move(body))); };
  if (request.path == "/state" && request.method == "GET") return answer(200, state_());
  if (request.path == "/resume" && request.method == "POST") {
    if (is_a_file_there()) return answer(409, R"({"error":"the kill file is there: remove it first"})");
    is_engaged_ = false;
    resume_();
    return answer(200, R"({"engaged":false})");
  }
  if (request.path != "/kill" || request.method != "POST")
    return answer(404, R"({"error":"there are POST /kill, POST /resume and GET /state"})");
  engage("an HTTP call");
  answer(200, R"({"engaged":true})");
}

}  // namespace reprise::gateway
