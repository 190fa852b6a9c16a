#include "gateway/run/kill_control.h"

#include <filesystem>

#include "gateway/net/bearer.h"

namespace reprise::gateway {

Result<std::unique_ptr<KillControl>> KillControl::start(net::Loop& loop, KillControlOptions options, Engage engage,
                                                        State state) {
  std::optional<net::ServerOptions> port = options.port;
  std::unique_ptr<KillControl> control(new KillControl(std::move(options), std::move(engage), std::move(state)));
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

void KillControl::look() {
  if (is_engaged_) return;
  if (options_.signal != nullptr && options_.signal->load(std::memory_order_relaxed)) return engage("a signal came");
  std::error_code ignored;
  if (!options_.file.empty() && std::filesystem::exists(options_.file, ignored)) engage("the kill file is there");
}

void KillControl::on_request(net::Request request, net::Reply reply) {
  const auto answer = [&](int status, std::string body) {
    reply.send({status, {{"Content-Type", "application/json"}}, std::move(body)});
  };
  if (!net::has_bearer_token(request, options_.token.reveal()))
    return answer(401, R"({"error":"the token is missing or wrong: Authorization: Bearer TOKEN"})");
  if (request.path == "/state" && request.method == "GET") return answer(200, state_());
  if (request.path != "/kill" || request.method != "POST")
    return answer(404, R"({"error":"there are POST /kill and GET /state"})");
  engage("an HTTP call");
  answer(200, R"({"engaged":true})");
}

}  // namespace reprise::gateway
