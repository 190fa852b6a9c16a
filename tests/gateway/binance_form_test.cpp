// Requests: what goes on the wire for each, what is refused before it gets there, and that the other side reads it.
#include <random>

#include "gateway/binance/account_form.h"
#include "gateway/binance/order_form.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway::binance;
using schema::OrderType;
using schema::PositionSide;
using schema::Side;
using schema::TimeInForce;

namespace {

OrderForm limit_form() {
  OrderForm form;
  form.symbol = "BTCUSDT";
  form.side = Side::BUY;
  form.type = OrderType::LIMIT;
  form.time_in_force = TimeInForce::GTC;
  form.qty = Qty::of_e8(100'000);
  form.price = Price::whole(60'000);
  form.client_id = "t1";
  return form;
}

OrderForm conditional_form(OrderType type) {
  OrderForm form = limit_form();
  form.type = type;
  form.time_in_force = TimeInForce::NONE;
  form.trigger_price = Price::of_e8(5'950'010'000'000);
  const bool has_price = type == OrderType::STOP_LIMIT || type == OrderType::TAKE_PROFIT_LIMIT;
  if (!has_price) form.price = {};
  if (type == OrderType::TRAILING_STOP_MARKET) {
    form.trigger_price = {};
    form.callback_rate = Rate::of_e8(1'500'000);
  }
  return form;
}

// "POST /fapi/v1/order a=1&b=2"
std::string text(const Result<VenueRequest>& request) {
  if (!request) return "error: " + request.error().text();
  const VenueRequest& r = request.value();
  return std::string(name_of(r.method)) + " " + r.path + " " + r.parameters.query_text();
}

template <class Change>
std::string changed(OrderForm form, Change change) {
  change(form);
  return text(is_algo(form.type) ? new_algo_order(form) : new_order(form));
}

bool is_error(const std::string& text, const std::string& part) {
  return text.starts_with("error: ") && text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each plain order is written as the venue wants it", "[gateway][binance]") {
  CHECK(text(new_order(limit_form())) ==
        "POST /fapi/v1/order symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=60000&"
        "newClientOrderId=t1");
  CHECK(changed(limit_form(),
                [](OrderForm& f) {
                  f.type = OrderType::MARKET;
                  f.time_in_force = TimeInForce::NONE;
                  f.price = {};
                  f.side = Side::SELL;
                  f.reduce_only = true;
                  f.detail = AnswerDetail::result;
                }) ==
        "POST /fapi/v1/order symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.001&reduceOnly=true&newClientOrderId=t1&"
        "newOrderRespType=RESULT");
  CHECK(changed(limit_form(),
                [](OrderForm& f) {
                  f.time_in_force = TimeInForce::GTD;
                  f.good_till = {1'790'000'000'999'999'999};
                  f.position_side = PositionSide::SHORT;
                  f.stp_mode = schema::StpMode::EXPIRE_BOTH;
                }) ==
        "POST /fapi/v1/order symbol=BTCUSDT&side=BUY&positionSide=SHORT&type=LIMIT&timeInForce=GTD&quantity=0.001&"
        "price=60000&newClientOrderId=t1&selfTradePreventionMode=EXPIRE_BOTH&goodTillDate=1790000000000");
  CHECK(changed(limit_form(),
                [](OrderForm& f) {
                  f.price = {};
                  f.price_match = PriceMatch::queue_5;
                  f.time_in_force = TimeInForce::GTX;
                }) ==
        "POST /fapi/v1/order symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTX&quantity=0.001&priceMatch=QUEUE_5&"
        "newClientOrderId=t1");
  for (const TimeInForce tif : {TimeInForce::IOC, TimeInForce::FOK}) {
    CHECK_FALSE(is_error(changed(limit_form(), [&](OrderForm& f) { f.time_in_force = tif; }), ""));
  }
}

TEST_CASE("each conditional order goes to the algo endpoint with what its type needs", "[gateway][binance]") {
  const std::string head = "POST /fapi/v1/algoOrder algoType=CONDITIONAL&symbol=BTCUSDT&side=BUY&type=";
  const auto plain = [](OrderForm&) {};
  CHECK(changed(conditional_form(OrderType::STOP_LIMIT), plain) ==
        head + "STOP&quantity=0.001&price=60000&triggerPrice=59500.1&workingType=CONTRACT_PRICE&clientAlgoId=t1");
  CHECK(changed(conditional_form(OrderType::TAKE_PROFIT_LIMIT), plain) ==
        head +
            "TAKE_PROFIT&quantity=0.001&price=60000&triggerPrice=59500.1&workingType=CONTRACT_PRICE&"
            "clientAlgoId=t1");
  CHECK(changed(conditional_form(OrderType::STOP_MARKET),
                [](OrderForm& f) {
                  f.trigger_source = schema::TriggerSource::MARK_PRICE;
                  f.price_protect = true;
                  f.reduce_only = true;
                }) == head +
                          "STOP_MARKET&quantity=0.001&reduceOnly=true&triggerPrice=59500.1&workingType=MARK_PRICE&"
                          "priceProtect=true&clientAlgoId=t1");
  CHECK(changed(conditional_form(OrderType::TAKE_PROFIT_MARKET),
                [](OrderForm& f) {
                  f.close_position = true;
                  f.qty = {};
                }) == head +
                          "TAKE_PROFIT_MARKET&closePosition=true&triggerPrice=59500.1&workingType=CONTRACT_PRICE&"
                          "clientAlgoId=t1");
  CHECK(changed(conditional_form(OrderType::TRAILING_STOP_MARKET),
                [](OrderForm& f) { f.activation_price = Price::whole(61'000); }) ==
        head +
            "TRAILING_STOP_MARKET&quantity=0.001&activatePrice=61000&callbackRate=1.5&"
            "workingType=CONTRACT_PRICE&clientAlgoId=t1");
}

TEST_CASE("an order that lacks something or has too much is refused here", "[gateway][binance]") {
  const auto refused = [](OrderForm form, auto change, const char* part) {
    INFO(part);
    const std::string result = changed(std::move(form), change);
    INFO(result);
    CHECK(is_error(result, part));
  };
  refused(
      limit_form(), [](OrderForm& f) { f.symbol.clear(); }, "no symbol");
  refused(
      limit_form(), [](OrderForm& f) { f.side = Side::NONE; }, "no side");
  refused(
      limit_form(), [](OrderForm& f) { f.type = OrderType::LIQUIDATION; }, "cannot be sent");
  refused(
      limit_form(), [](OrderForm& f) { f.client_id = "a b"; }, "client id");
  refused(
      limit_form(), [](OrderForm& f) { f.client_id.clear(); }, "client id");
  refused(
      limit_form(), [](OrderForm& f) { f.qty = {}; }, "no quantity");
  refused(
      limit_form(), [](OrderForm& f) { f.qty = Qty::whole(-1); }, "no quantity");
  refused(
      limit_form(), [](OrderForm& f) { f.price = {}; }, "no price");
  refused(
      limit_form(), [](OrderForm& f) { f.price_match = PriceMatch::opponent; }, "exclude each other");
  refused(
      limit_form(), [](OrderForm& f) { f.time_in_force = TimeInForce::NONE; }, "no time in force");
  refused(
      limit_form(), [](OrderForm& f) { f.time_in_force = TimeInForce::GTD; }, "GTD and its date");
  refused(
      limit_form(), [](OrderForm& f) { f.good_till = {1}; }, "GTD and its date");
  refused(
      limit_form(), [](OrderForm& f) { f.type = OrderType::MARKET; }, "takes no price");
  refused(
      limit_form(), [](OrderForm& f) { f.close_position = true; }, "takes no quantity");
  refused(
      limit_form(), [](OrderForm& f) { f.close_position = true, f.qty = {}; }, "STOP_MARKET");
  refused(
      limit_form(), [](OrderForm& f) { f.reduce_only = true, f.position_side = PositionSide::LONG; }, "hedge mode");
  refused(
      limit_form(), [](OrderForm& f) { f.type = OrderType::MARKET, f.price = {}; }, "takes no time in force");
  refused(
      conditional_form(OrderType::STOP_MARKET), [](OrderForm& f) { f.trigger_price = {}; }, "no trigger price");
  refused(
      conditional_form(OrderType::STOP_MARKET), [](OrderForm& f) { f.price = Price::whole(1); }, "takes no price");
  refused(
      conditional_form(OrderType::STOP_LIMIT), [](OrderForm& f) { f.price = {}; }, "no price");
  refused(
      conditional_form(OrderType::STOP_MARKET), [](OrderForm& f) { f.callback_rate = Rate::of_e8(1); }, "callback");
  refused(
      conditional_form(OrderType::STOP_MARKET),
      [](OrderForm& f) { f.trigger_source = schema::TriggerSource::INDEX_PRICE; }, "index price");
  refused(
      conditional_form(OrderType::TRAILING_STOP_MARKET), [](OrderForm& f) { f.trigger_price = Price::whole(1); },
      "takes no trigger");
  for (const std::int64_t rate : {0, 99'999, 20'000'001}) {
    refused(
        conditional_form(OrderType::TRAILING_STOP_MARKET), [&](OrderForm& f) { f.callback_rate = Rate::of_e8(rate); },
        "callback rate");
  }
  CHECK(is_error(text(new_order(conditional_form(OrderType::STOP_MARKET))), "algo endpoint"));
  CHECK(is_error(text(new_algo_order(limit_form())), "algo endpoint"));
}

TEST_CASE("a batch is one parameter with the orders in JSON", "[gateway][binance]") {
  OrderForm second = limit_form();
  second.side = Side::SELL;
  second.client_id = "t2";
  const auto batch = new_batch({limit_form(), second});
  REQUIRE(batch.ok());
  CHECK(batch.value().parameters.text("batchOrders") ==
        R"([{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.001","price":"60000",)"
        R"("newClientOrderId":"t1"},{"symbol":"BTCUSDT","side":"SELL","type":"LIMIT","timeInForce":"GTC",)"
        R"("quantity":"0.001","price":"60000","newClientOrderId":"t2"}])");
  CHECK(batch.value().cost == RequestCost{5, 5, 1, 0, 0});
  CHECK_FALSE(new_batch({}).ok());
  CHECK_FALSE(new_batch(std::vector<OrderForm>(6, limit_form())).ok());
  OrderForm bad = limit_form();
  bad.qty = {};
  CHECK_FALSE(new_batch({limit_form(), bad}).ok());
}

TEST_CASE("modify, cancel and query name the order by the venue's id or by ours", "[gateway][binance]") {
  const OrderRef by_id{"BTCUSDT", 22542179, "t1"};
  const OrderRef by_client{"BTCUSDT", 0, "t1"};
  const OrderRef nobody{"BTCUSDT", 0, ""};
  const Qty qty = Qty::of_e8(1);
  const Price price = Price::of_e8(930'010'000'000);
  CHECK(text(modify_order(by_id, Side::SELL, qty, price, 7)) ==
        "PUT /fapi/v1/order symbol=BTCUSDT&orderId=22542179&side=SELL&quantity=0.00000001&price=9300.1&modifyId=7");
  CHECK(text(modify_order(by_client, Side::BUY, qty, price)) ==
        "PUT /fapi/v1/order symbol=BTCUSDT&origClientOrderId=t1&side=BUY&quantity=0.00000001&price=9300.1");
  CHECK_FALSE(modify_order(by_id, Side::NONE, qty, price).ok());
  CHECK_FALSE(modify_order(by_id, Side::BUY, {}, price).ok());
  CHECK_FALSE(modify_order(by_id, Side::BUY, qty, {}).ok());
  CHECK(text(cancel_order(by_id)) == "DELETE /fapi/v1/order symbol=BTCUSDT&orderId=22542179");
  CHECK(text(cancel_algo_order(by_client)) == "DELETE /fapi/v1/algoOrder clientAlgoId=t1");
  CHECK(text(cancel_algo_order(by_id)) == "DELETE /fapi/v1/algoOrder algoId=22542179");
  CHECK(text(query_order(by_client)) == "GET /fapi/v1/order symbol=BTCUSDT&origClientOrderId=t1");
  CHECK(text(query_algo_order(by_client)) == "GET /fapi/v1/algoOrder clientAlgoId=t1");
  for (const auto& request : {cancel_order(nobody), cancel_algo_order(nobody), query_order(nobody),
                              query_algo_order(nobody), cancel_order({"", 1, ""})}) {
    CHECK_FALSE(request.ok());
  }
  CHECK(cancel_batch({by_id, {"BTCUSDT", 5, ""}}).value().parameters.text("orderIdList") == "[22542179,5]");
  CHECK(cancel_batch({by_client, {"BTCUSDT", 0, "t2"}}).value().parameters.text("origClientOrderIdList") ==
        R"(["t1","t2"])");
  CHECK_FALSE(cancel_batch({by_id, {"ETHUSDT", 5, ""}}).ok());
  CHECK_FALSE(cancel_batch({by_id, by_client}).ok());
  CHECK_FALSE(cancel_batch({}).ok());
  CHECK_FALSE(cancel_batch(std::vector<OrderRef>(11, by_id)).ok());
}

TEST_CASE("the other requests are written as the venue wants them", "[gateway][binance]") {
  CHECK(text(cancel_all_orders("BTCUSDT")) == "DELETE /fapi/v1/allOpenOrders symbol=BTCUSDT");
  CHECK(text(cancel_all_algo_orders("BTCUSDT")) == "DELETE /fapi/v1/algoOpenOrders symbol=BTCUSDT");
  CHECK(text(countdown_cancel("BTCUSDT", DurationNanos::seconds(100))) ==
        "POST /fapi/v1/countdownCancelAll symbol=BTCUSDT&countdownTime=100000");
  CHECK(text(open_orders()) == "GET /fapi/v1/openOrders ");
  CHECK(open_orders().cost.weight == 40);
  CHECK(open_orders("BTCUSDT").cost.weight == 1);
  CHECK(text(open_algo_orders("BTCUSDT")) == "GET /fapi/v1/openAlgoOrders symbol=BTCUSDT");
  CHECK(text(set_leverage("BTCUSDT", 21)) == "POST /fapi/v1/leverage symbol=BTCUSDT&leverage=21");
  CHECK(text(set_margin_mode("BTCUSDT", schema::MarginMode::ISOLATED)) ==
        "POST /fapi/v1/marginType symbol=BTCUSDT&marginType=ISOLATED");
  CHECK(text(set_margin_mode("BTCUSDT", schema::MarginMode::CROSS)) ==
        "POST /fapi/v1/marginType symbol=BTCUSDT&marginType=CROSSED");
  CHECK(text(set_hedge_mode(false)) == "POST /fapi/v1/positionSide/dual dualSidePosition=false");
  CHECK(text(new_listen_key()) == "POST /fapi/v1/listenKey ");
  CHECK(text(keep_listen_key()) == "PUT /fapi/v1/listenKey ");
  CHECK(text(close_listen_key()) == "DELETE /fapi/v1/listenKey ");
  CHECK(text(account()) == "GET /fapi/v3/account ");
  CHECK(text(position_risk("\u6d4b\u8bd5USDT")) == "GET /fapi/v3/positionRisk symbol=%E6%B5%8B%E8%AF%95USDT");
  CHECK(text(user_trades("BTCUSDT", {5, {}, {}, 1000})) ==
        "GET /fapi/v1/userTrades symbol=BTCUSDT&fromId=5&limit=1000");
  const UnixNanos start{1'790'000'000'000'000'000};
  CHECK(text(user_trades("BTCUSDT", {{}, start, start + DurationNanos::seconds(60), 0})) ==
        "GET /fapi/v1/userTrades symbol=BTCUSDT&startTime=1790000000000&endTime=1790000060000");
  CHECK_FALSE(user_trades("BTCUSDT", {5, start, {}, 0}).ok());
  CHECK_FALSE(user_trades("BTCUSDT", {{}, start, start + DurationNanos::seconds(8 * 86'400), 0}).ok());
  CHECK_FALSE(user_trades("BTCUSDT", {{}, {}, {}, 1001}).ok());
  CHECK(text(income({"BTCUSDT", "FUNDING_FEE", start, {}, 100})) ==
        "GET /fapi/v1/income symbol=BTCUSDT&incomeType=FUNDING_FEE&startTime=1790000000000&limit=100");
  CHECK(text(depth("BTCUSDT", 1000)) == "GET /fapi/v1/depth symbol=BTCUSDT&limit=1000");
  CHECK(depth("BTCUSDT", 1000).value().cost.weight == 20);
  CHECK_FALSE(depth("BTCUSDT", 7).ok());
  CHECK(funding_info().cost == RequestCost{0, 0, 0, 1, 0});
}

TEST_CASE("closing is urgent: cancels and reducing orders have a purpose of their own", "[gateway][binance]") {
  CHECK(new_order(limit_form()).value().purpose == Purpose::order);
  OrderForm reducing = limit_form();
  reducing.reduce_only = true;
  CHECK(new_order(reducing).value().purpose == Purpose::reduce);
  CHECK(new_batch({reducing, reducing}).value().purpose == Purpose::reduce);
  CHECK(new_batch({reducing, limit_form()}).value().purpose == Purpose::order);
  CHECK(cancel_order({"BTCUSDT", 1, ""}).value().purpose == Purpose::cancel);
  CHECK(cancel_all_orders("BTCUSDT").purpose == Purpose::cancel);
  CHECK(countdown_cancel("BTCUSDT", {}).purpose == Purpose::cancel);
  CHECK(open_orders().purpose == Purpose::query);
}

TEST_CASE("what is sent over REST is what the server reads and verifies", "[gateway][binance]") {
  const Secret secret = Secret::copy_of("secretsecret");
  auto signer = Signer::of_key(secret);
  auto verifier = SignatureVerifier::of_secret(secret);
  REQUIRE((signer.ok() && verifier.ok()));
  OrderForm form = limit_form();
  form.symbol = "\u6d4b\u8bd5USDT";
  const RequestTime time{{1'700'000'000'000'999'999}, 5000};
  for (const auto& request : {new_order(form), new_batch({form, limit_form()}), Result<VenueRequest>(account())}) {
    auto wire = rest_form(request.value(), time, &*signer);
    REQUIRE(wire.ok());
    const std::size_t question = wire->target.find('?');
    CHECK(wire->target.substr(0, question) == request.value().path);
    const std::string query = wire->target.substr(question + 1);
    auto split = split_signature(query, "");
    REQUIRE(split.ok());
    CHECK(verifier->accepts(split->payload, split->signature));
    CHECK(query == split->payload + "&signature=" + split->signature);
    auto parsed = Parameters::parse(split->payload, "");
    REQUIRE(parsed.ok());
    CHECK(parsed->pairs() == timed(request.value(), time).pairs());
    CHECK(parsed->integer("timestamp") == 1'700'000'000'000);
    CHECK(parsed->integer("recvWindow") == 5000);
  }
  CHECK_FALSE(rest_form(account(), time, nullptr).ok());
  CHECK(rest_form(ping(), time, nullptr).value().target == "/fapi/v1/ping");
  CHECK(rest_form(keep_listen_key(), time, nullptr).value().target == "/fapi/v1/listenKey");
  CHECK(timed(account(), {{1'700'000'000'000'000'000}, 0}).query_text() == "timestamp=1700000000000");
}

TEST_CASE("what is sent over the WebSocket API carries key and signature, as a stranger's client signs it",
          "[gateway][binance]") {
  const Secret secret = Secret::copy_of("secretsecret");
  auto signer = Signer::of_key(secret);
  REQUIRE(signer.ok());
  const RequestTime time{{1'700'000'000'000'000'000}, 5000};
  auto order = ws_form(new_order(limit_form()).value(), time, "key", &*signer);
  REQUIRE(order.ok());
  CHECK(order->text("apiKey") == "key");
  CHECK(order->text("signature") == "021fb0bd7f3e521134735e55bdc0fbecea1fb709e5db8b03e0bc7a562f294511");
  CHECK(order->pairs().back().first == "signature");
  auto stream = ws_form(new_listen_key(), time, "key", nullptr);
  REQUIRE(stream.ok());
  CHECK(stream->query_text() == "apiKey=key");
  CHECK_FALSE(ws_form(open_orders(), time, "key", &*signer).ok());
  CHECK_FALSE(ws_form(account(), time, "key", nullptr).ok());
}

TEST_CASE("any price and quantity is written without zeros at the end and read back exactly", "[gateway][binance]") {
  const std::uint64_t seed = 99;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 3'000; ++i) {
    OrderForm form = limit_form();
    form.qty = Qty::of_e8(static_cast<std::int64_t>(random() >> (1 + random() % 62)) + 1);
    form.price = Price::of_e8(static_cast<std::int64_t>(random() >> (1 + random() % 62)) + 1);
    const auto request = new_order(form);
    REQUIRE(request.ok());
    const Parameters& parameters = request.value().parameters;
    REQUIRE(parameters.decimal_e8("quantity") == form.qty.e8);
    REQUIRE(parameters.decimal_e8("price") == form.price.e8);
    const std::string_view qty = *parameters.text("quantity");
    if (qty.find('.') != std::string_view::npos) REQUIRE((qty.back() != '0' && qty.back() != '.'));
    REQUIRE(qty.find_first_not_of("0123456789.") == std::string_view::npos);
  }
}
