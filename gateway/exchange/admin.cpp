#include "gateway/exchange/admin.h"

#include "gateway/binance/json_text.h"
#include "gateway/binance/parameters.h"
#include "gateway/exchange/json_text.h"
#include "gateway/net/bearer.h"

namespace reprise::gateway::exchange {

namespace {

net::Response problem(int status, std::string_view text) {
  JsonText out;
  return net::operator_answer(status, out.open().field("error", text).close().str());
}

}  // namespace

Result<std::unique_ptr<AdminDesk>> AdminDesk::start(net::Loop& loop, const AdminOptions& options, AdminTarget& target) {
  if (options.token.empty()) return usage_error("the admin port has no token", "set REPRISE_ADMIN_TOKEN");
  std::unique_ptr<AdminDesk> desk(new AdminDesk(target, options.token.clone()));
  net::ServerOptions listening;
  listening.address = options.address;
  listening.port = options.port;
  listening.limits.connections = 16;
  listening.limits.body_bytes = 64u << 10;
  auto server = net::start_server(loop, std::move(listening), *desk);
  if (!server) return server.error();
  desk->server_ = std::move(server).value();
  return desk;
}

void AdminDesk::on_request(net::Request request, net::Reply reply) {
  reply.send(net::has_bearer_token(request, token_.reveal()) ? answer(request) : net::token_refusal());
}

net::Response AdminDesk::answer(const net::Request& request) {
  if (request.path == "/state" && request.method == "GET") return net::operator_answer(200, target_.state_json());
  if (request.path != "/faults") return problem(404, "there are POST and DELETE /faults, GET /state");
  if (request.method == "POST") {
    auto id = target_.add_fault(request.body);
    if (!id) return problem(400, id.error().text());
    JsonText out;
    return net::operator_answer(200, out.open().field("id", static_cast<std::int64_t>(*id)).close().str());
  }
  if (request.method != "DELETE") return problem(405, "POST or DELETE");
  std::int64_t id = 0;
  if (auto parameters = binance::Parameters::parse(request.query, {}); !parameters.ok()) {
    return problem(400, parameters.error().text());
  } else if (parameters->has("id")) {
    const auto given = parameters->integer("id");
    if (!given || *given < 1) return problem(400, "id is not a number above 0");
    id = *given;
  }
  if (!target_.remove_fault(static_cast<std::uint64_t>(id))) return problem(404, "no such fault stands");
  return net::operator_answer(200, "{}");
}

}  // namespace reprise::gateway::exchange
