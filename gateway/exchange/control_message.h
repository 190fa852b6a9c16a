// A JSON message of a client on a WebSocket: a method, parameters, and an id that goes back as it came.
#pragma once

#include <string_view>

#include "gateway/binance/json_text.h"
#include "gateway/exchange/json_text.h"

namespace reprise::gateway::exchange {

struct ControlMessage {
  json::Document body;
  bool is_object = false;  // false: not JSON, or another kind of value; then there is no id

  static ControlMessage parse(std::string_view text) {
    ControlMessage out;
    out.body.Parse<json::kParseFlags>(text.data(), text.size());
    out.is_object = !out.body.HasParseError() && out.body.IsObject();
    if (!out.is_object) return out;
    // Numbers are read as texts there, so that no digit is lost; a second look tells the two apart.
    rapidjson::Document plain;
    plain.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    out.id_is_text_ = plain.IsObject() && plain.HasMember("id") && plain["id"].IsString();
    return out;
  }

  std::string_view method() const { return json::text(body, "method"); }
  const json::Value* params() const { return json::member(body, "params"); }

  // A number stays a number, a text a text; anything else is null.
  void write_id(JsonText& out) const {
    out.key("id");
    const json::Value* id = is_object ? json::member(body, "id") : nullptr;
    if (id == nullptr || !id->IsString()) {
      out.null();
    } else if (id_is_text_) {
      out.text(json::text_of(*id));
    } else {
      out.raw(json::text_of(*id), rapidjson::kNumberType);
    }
  }

 private:
  bool id_is_text_ = false;
};

}  // namespace reprise::gateway::exchange
