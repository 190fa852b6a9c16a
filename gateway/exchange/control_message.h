// A JSON message of a client on a WebSocket: a method, parameters, and an id that goes back as it came.
#pragma once

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <cstdint>
#include <string_view>
#include <utility>

#include "gateway/binance/json_text.h"
#include "gateway/exchange/json_text.h"

namespace reprise::gateway::exchange {

struct ControlMessage {
  json::Document body;
  bool is_object = false;  // false: not JSON, or another kind of value; then there is no id

  static ControlMessage parse(std::string_view text) {
    ControlMessage out;
    Reading reading{text};
    out.body.Populate(reading);
    out.is_object = reading.is_sound && out.body.IsObject();
    out.id_is_text_ = reading.id_is_text;
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
  // Builds the document and sees what it does not keep: numbers are texts there, so that no digit is lost.
  struct Watch {
    json::Document& into;
    bool& id_is_text;
    int depth = 0;
    bool is_id = false;

    bool value(bool is_text, bool taken) {
      if (std::exchange(is_id, false)) id_is_text = is_text;
      return taken;
    }
    bool Null() { return value(false, into.Null()); }
    bool Bool(bool b) { return value(false, into.Bool(b)); }
    bool Int(int i) { return value(false, into.Int(i)); }
    bool Uint(unsigned i) { return value(false, into.Uint(i)); }
    bool Int64(std::int64_t i) { return value(false, into.Int64(i)); }
    bool Uint64(std::uint64_t i) { return value(false, into.Uint64(i)); }
    bool Double(double d) { return value(false, into.Double(d)); }
    bool RawNumber(const char* s, rapidjson::SizeType n, bool copy) { return value(false, into.RawNumber(s, n, copy)); }
    bool String(const char* s, rapidjson::SizeType n, bool copy) { return value(true, into.String(s, n, copy)); }
    bool Key(const char* s, rapidjson::SizeType n, bool copy) {
      is_id = depth == 1 && std::string_view(s, n) == "id";
      return into.Key(s, n, copy);
    }
    bool StartObject() { return ++depth, value(false, into.StartObject()); }
    bool EndObject(rapidjson::SizeType n) { return --depth, into.EndObject(n); }
    bool StartArray() { return ++depth, value(false, into.StartArray()); }
    bool EndArray(rapidjson::SizeType n) { return --depth, into.EndArray(n); }
  };
  struct Reading {
    std::string_view text;
    bool is_sound = false, id_is_text = false;
    bool operator()(json::Document& into) {
      rapidjson::Reader reader;
      rapidjson::MemoryStream stream(text.data(), text.size());
      Watch watch{into, id_is_text};
      is_sound = !reader.Parse<json::kParseFlags>(stream, watch).IsError();
      return is_sound;
    }
  };

  bool id_is_text_ = false;
};

}  // namespace reprise::gateway::exchange
