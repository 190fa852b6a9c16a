// Small texts in every format that import knows, made by hand.
#pragma once

#include <string>

namespace reprise::gateway_tests {

inline std::string hbt_line(std::int64_t ns, const std::string& stream, const std::string& data) {
  return std::to_string(ns) + " {\"stream\":\"" + stream + "\",\"data\":" + data + "}\n";
}

inline constexpr std::int64_t kSampleStart = 1'723'161'256'000'000'000;  // 2024-08-08 23:54:16

// Milliseconds of an event `offset` ms behind kSampleStart.
inline std::string ms(std::int64_t offset) {
  return std::to_string(kSampleStart / 1'000'000 + offset);
}

inline std::string trade_json(std::int64_t at, std::int64_t id, const std::string& price,
                              const std::string& kind = "MARKET", const std::string& symbol = "BTCUSDT") {
  return "{\"e\":\"trade\",\"E\":" + ms(at) + ",\"T\":" + ms(at) + ",\"s\":\"" + symbol +
         "\",\"t\":" + std::to_string(id) + ",\"p\":\"" + price + "\",\"q\":\"0.010\",\"X\":\"" + kind +
         "\",\"m\":true}";
}

inline std::string bbo_json(std::int64_t at, std::int64_t id, const std::string& bid, const std::string& ask,
                            const std::string& qty = "1.000") {
  return "{\"e\":\"bookTicker\",\"u\":" + std::to_string(id) + ",\"s\":\"BTCUSDT\",\"b\":\"" + bid + "\",\"B\":\"" +
         qty + "\",\"a\":\"" + ask + "\",\"A\":\"" + qty + "\",\"T\":" + ms(at) + ",\"E\":" + ms(at) + "}";
}

inline std::string depth_json(std::int64_t at, std::int64_t first, std::int64_t last, std::int64_t previous,
                              const std::string& bids, const std::string& asks) {
  return "{\"e\":\"depthUpdate\",\"E\":" + ms(at) + ",\"T\":" + ms(at) +
         ",\"s\":\"BTCUSDT\",\"U\":" + std::to_string(first) + ",\"u\":" + std::to_string(last) +
         ",\"pu\":" + std::to_string(previous) + ",\"b\":[" + bids + "],\"a\":[" + asks + "]}";
}

inline std::string rest_depth_json(std::int64_t at, std::int64_t id) {
  return "{\"lastUpdateId\":" + std::to_string(id) + ",\"E\":" + ms(at) + ",\"T\":" + ms(at) +
         ",\"bids\":[[\"100.00\",\"1.000\"],[\"99.90\",\"2.000\"]],\"asks\":[[\"100.10\",\"1.000\"],[\"100.20\",\"2."
         "000\"]]}";
}

// A complete little session: join, agreement in both orders, a gap, an odd trade.
inline std::string hbt_session() {
  const auto at = [](std::int64_t ms_offset) { return kSampleStart + ms_offset * 1'000'000; };
  std::string text;
  text += hbt_line(at(0), "btcusdt@depth@0ms", depth_json(0, 90, 95, 89, "[\"100.00\",\"5.000\"]", ""));
  text += hbt_line(at(1), "btcusdt@depth@0ms", depth_json(1, 96, 105, 95, "[\"100.00\",\"3.000\"]", ""));
  text += std::to_string(at(2)) + " " + rest_depth_json(2, 100) + "\n";
  text += hbt_line(at(3), "btcusdt@bookTicker", bbo_json(3, 108, "100.00", "100.10", "3.000"));
  // The same update id: the delta behind its bookTicker, quantities differ on the ask side.
  text += hbt_line(at(4), "btcusdt@depth@0ms", depth_json(3, 106, 108, 105, "", "[\"100.10\",\"3.000\"]"));
  text += hbt_line(at(5), "btcusdt@depth@0ms",
                   depth_json(5, 109, 110, 108, "[\"100.00\",\"4.000\"]", "[\"100.10\",\"4.000\"]"));
  text += hbt_line(at(6), "btcusdt@bookTicker", bbo_json(5, 110, "100.00", "100.10", "4.000"));
  text += hbt_line(at(7), "btcusdt@trade", trade_json(7, 1, "100.10"));
  text += hbt_line(at(8), "btcusdt@trade", trade_json(8, 2, "98.00", "INSURANCE_FUND"));
  text += hbt_line(at(9), "btcusdt@trade", trade_json(9, 3, "120.00"));
  text += hbt_line(at(10), "btcusdt@depth@0ms", depth_json(10, 130, 140, 129, "[\"100.00\",\"9.000\"]", ""));
  return text;
}

inline const char* const kArchiveTrades =
    "id,price,qty,quote_qty,time,is_buyer_maker\n"
    "1,100.10,0.010,1.001,1723161256000,true\n"
    "2,100.20,0.020,2.004,1723161256500,false\n";
inline const char* const kArchiveAggTrades =
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
    "1,100.10,0.010,1,3,1723161256000,true\n";
inline const char* const kArchiveBookTicker =
    "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n"
    "7,100.00,1.5,100.10,2.5,1723161256000,1723161256003\n";
inline const char* const kArchiveKlines =
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,"
    "ignore\n"
    "1723161240000,100.1,101.2,99.3,100.4,12.5,1723161299999,1250.5,33,6.5,650.1,0\n"
    "1723161300000,100.4,101.2,99.3,100.6,12.5,1723161359999,1250.5,33,6.5,650.1,0\n";
inline const char* const kArchiveFunding =
    "calc_time,funding_interval_hours,last_funding_rate\n1723161600000,8,-0.00012345\n";
inline const char* const kArchiveMetrics =
    "create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,sum_toptrader_long_"
    "short_ratio,"
    "count_long_short_ratio,sum_taker_long_short_vol_ratio\n"
    "2024-08-08 23:55:00,BTCUSDT,81234.567,5000000000.12,1.1,1.2,,0.9\n";
inline const char* const kTardisTrades =
    "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    "binance-futures,BTCUSDT,1723161256000000,1723161256001234,17,buy,100.10,0.010\n";
inline const char* const kTardisBook =
    "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
    "binance-futures,BTCUSDT,1723161256000000,1723161256000100,true,bid,99.9,2\n"
    "binance-futures,BTCUSDT,1723161256000000,1723161256000100,true,bid,100,1\n"
    "binance-futures,BTCUSDT,1723161256000000,1723161256000100,true,ask,100.1,1\n"
    "binance-futures,BTCUSDT,1723161256001000,1723161256001100,false,bid,100,0\n"
    "binance-futures,BTCUSDT,1723161256001000,1723161256001100,false,ask,100.1,3\n"
    "binance-futures,BTCUSDT,1723161256002000,1723161256002100,false,ask,100.1,4\n";
inline const char* const kTardisSnapshot =
    "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,asks[1].price,"
    "asks[1].amount,"
    "bids[1].price,bids[1].amount\n"
    "binance-futures,BTCUSDT,1723161256000000,1723161256000100,100.1,1,100,2,100.2,3,99.9,4\n";
inline const char* const kTardisQuotes =
    "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
    "binance-delivery,BTCUSD_PERP,1723161256000000,1723161256000100,5,100.1,100,6\n";
inline const char* const kTardisTicker =
    "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,predicted_funding_rate,open_interest,"
    "last_price,index_price,mark_price\n"
    "binance-futures,BTCUSDT,1723161256000000,1723161256000100,1723161600000000,0.0001,,12345.6,100,100.05,100."
    "123456789\n";
inline const char* const kConvertedBars =
    "open_time_ms,open,high,low,close,volume\n"
    "1723161300000,100.1,101.2,99.3,100.4,12.5\n"
    "1723161600000,100.4,101.2,99.3,100.6,0.0\n"
    "1723162200000,100.4,101.2,99.3,100.6,3.0\n";
inline const char* const kConvertedFunding = "funding_time_ms,funding_rate\n1723161600008,-3.968e-05\n";
inline const char* const kDepthArchive =
    "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu\n"
    "BTCUSDT,1723161256000,100,100,b,snap,100.0,1.0,-1\n"
    "BTCUSDT,1723161256000,100,100,a,snap,100.1,1.0,-1\n"
    "BTCUSDT,1723161256100,98,105,b,set,100.0,2.0,97\n"
    "BTCUSDT,1723161256100,98,105,a,set,100.1,0.0,97\n";
inline const char* const kCryptofeed =
    "wss://fstream.binance.com/stream?streams=btcusdt@bookTicker <-> 1723161256.0\n"
    "1723161256.110592: "
    "{\"stream\":\"btcusdt@bookTicker\",\"data\":{\"e\":\"bookTicker\",\"u\":5,\"s\":\"BTCUSDT\",\"b\":\"100.0\",\"B\":"
    "\"1\","
    "\"a\":\"100.1\",\"A\":\"1\",\"T\":1723161256000,\"E\":1723161256001}}\n"
    "wss://fstream.binance.com/stream <- 1723161256.2: {\"method\":\"SUBSCRIBE\"}\n"
    "1723161256.3: {\"result\":null,\"id\":1}\n"
    "\n"
    "https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000 -> 1723161256.4: "
    "{\"lastUpdateId\":9,\"E\":1723161256390,\"T\":1723161256380,\"bids\":[[\"100.0\",\"1\"]],\"asks\":[[\"100.1\","
    "\"1\"]]}\n"
    "https://fapi.binance.com/fapi/v1/ping -> 1723161256.5: {}\n"
    "configuration: {\"l2_book\":[\"BTC-USDT\"]}\n";
inline const char* const kExchangeInfo =
    "{\"symbols\":[{\"symbol\":\"BTCUSDT\",\"contractType\":\"PERPETUAL\",\"status\":\"TRADING\",\"baseAsset\":\"BTC\","
    "\"quoteAsset\":\"USDT\","
    "\"marginAsset\":\"USDT\",\"liquidationFee\":\"0.0175\",\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"minPrice\":"
    "\"1\",\"maxPrice\":\"1000000\","
    "\"tickSize\":\"0.50\"},{\"filterType\":\"LOT_SIZE\",\"minQty\":\"0.002\",\"maxQty\":\"10\",\"stepSize\":\"0.002\"}"
    ",{\"filterType\":\"MIN_NOTIONAL\","
    "\"notional\":\"7\"}]}]}";
inline const char* const kBrackets =
    "[{\"symbol\":\"BTCUSDT\",\"brackets\":[{\"bracket\":1,\"initialLeverage\":20,\"notionalCap\":1000,"
    "\"notionalFloor\":0,\"maintMarginRatio\":0.01,\"cum\":0.0},"
    "{\"bracket\":2,\"initialLeverage\":5,\"notionalCap\":9000,\"notionalFloor\":1000,\"maintMarginRatio\":0.05,"
    "\"cum\":40.0}]}]";

}  // namespace reprise::gateway_tests
