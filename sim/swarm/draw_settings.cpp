// The account, its limits, the venue's models and the strategies of a seed.
#include "sim/swarm/draw.h"

namespace reprise::sim::swarm {

namespace {

class Settings {
 public:
  Settings(RandomStream& random, Plan& plan) : random_(random), pick_(random), plan_(plan) {}

  void draw() {
    account();
    risk();
    venue();
    const std::int64_t strategies = pick_.between(1, 3);
    for (std::int64_t n = 0; n < strategies; ++n) {
      const std::string name = "s" + std::to_string(n + 1);
      const std::string symbol = plan_.symbols > 1 && random_.coin() ? "ETHUSDT" : "BTCUSDT";
      // The first one always quotes, so that hardly a seed goes without orders.
      if (n == 0 || random_.coin()) {
        grid("strategies." + name, symbol);
      } else {
        trend("strategies." + name, symbol);
      }
    }
  }

 private:
  void set(const std::string& key, const std::string& value) { plan_.settings.emplace_back(key, value); }
  // Shares of the balance in permille, as money.
  std::string money(std::int64_t low_permille, std::int64_t high_permille) {
    return std::to_string(balance_ * pick_.between(low_permille, high_permille) / 1000);
  }

  void account() {
    const std::int64_t balances[] = {1'000, 5'000, 20'000, 100'000};
    balance_ = balances[random_.below(4)];
    set("run.seed", pick_.whole(1, 1'000'000));
    set("run.tick_interval", pick_.of({"100ms", "250ms", "1s", "1s"}));
    set("account.initial_balance", std::to_string(balance_));
    // One seed in three is an account that can be liquidated.
    is_reckless_ = pick_.chance(350);
    set("account.leverage", is_reckless_ ? pick_.whole(20, 125) : pick_.whole(1, 20));
    set("account.margin_mode", pick_.chance(300) ? "isolated" : "cross");
    if (pick_.chance(200)) {
      set("account.fee_asset", "BNB");
      set("account.fee_asset_balance", pick_.of({"0.002", "0.1", "100"}));
      set("account.fee_asset_price", "312.5");
    }
    set("fees.taker_rate", pick_.share_e5(0, 100));
    set("fees.maker_rate", pick_.of({"0.0002", "0.00018", "0", "-0.00005"}));
    set("engine.bar_interval", pick_.of({"1s", "2s", "5s"}));
    set("engine.equity_mark_interval", pick_.of({"1s", "5s", "10s"}));
    set("engine.state_hash_interval_records", pick_.whole(200, 2000));
    set("engine.stale_after", pick_.of({"2s", "3s", "5s", "5s"}));
    set("engine.order_timeout", pick_.of({"500ms", "1s", "3s", "5s"}));
    set("engine.outlier_bound", pick_.of({"0.1", "0.1", "0.02", "0"}));
    set("sizing.risk_fraction", pick_.share_e5(100, 3000));
    set("sizing.max_notional_fraction", is_reckless_ ? pick_.whole(5, 40) : pick_.of({"0.5", "1", "2"}));
  }

  void risk() {
    set("risk.max_position_qty", pick_.chance(150) ? pick_.share_e5(500, 200'000) : "0");
    if (is_reckless_) {
      set("risk.max_position_notional", "0");
      set("risk.max_total_notional", "0");
      set("risk.max_order_notional", "0");
      set("risk.max_leverage", pick_.chance(500) ? "0" : pick_.whole(20, 100));
      set("risk.max_drawdown", pick_.chance(600) ? "0" : "0.5");
      set("risk.daily_loss_fraction", pick_.chance(600) ? "0" : "0.5");
      set("risk.min_equity", "0");
      set("risk.min_liquidation_distance", pick_.chance(300) ? pick_.share_e5(200, 2000) : "0");
    } else {
      set("risk.max_position_notional", money(300, 3000));
      set("risk.max_total_notional", money(300, 4000));
      set("risk.max_order_notional", money(100, 1500));
      set("risk.max_leverage", pick_.of({"0.5", "1", "2", "4"}));
      set("risk.max_drawdown", pick_.share_e5(100, 15'000));
      set("risk.daily_loss_fraction", pick_.share_e5(100, 8'000));
      set("risk.min_equity", pick_.chance(300) ? money(900, 999) : "0");
      set("risk.min_liquidation_distance", pick_.chance(200) ? pick_.share_e5(2'000, 30'000) : "0");
    }
    set("risk.max_orders_per_second", pick_.chance(300) ? pick_.whole(1, 4) : "20");
    set("risk.max_orders_per_minute", pick_.chance(200) ? pick_.whole(5, 60) : "600");
    set("risk.price_band", pick_.chance(200) ? pick_.share_e5(1, 30) : "0.02");
    set("risk.flatten_band", pick_.chance(500) ? pick_.share_e5(1, 2'000) : "0");
    set("risk.max_open_orders", pick_.chance(300) ? pick_.whole(1, 5) : "50");
    set("risk.on_daily_loss", pick_.of({"reduce", "halt", "kill"}));
    set("risk.on_drawdown", pick_.of({"reduce", "halt", "kill"}));
  }

  void venue() {
    set("venue.queue_model", pick_.of({"pessimistic", "probabilistic"}));
    const bool is_spread = pick_.chance(300);
    set("venue.latency_model", is_spread ? "distribution" : "constant");
    if (is_spread) set("venue.latency_sigma", "0.5");
    set("venue.order_entry_latency", pick_.millis(1, 120));
    set("venue.order_response_latency", pick_.millis(1, 120));
    set("venue.stp_mode", pick_.of({"none", "expire_taker", "expire_maker", "expire_both"}));
  }

  void grid(const std::string& key, const std::string& symbol) {
    set(key + ".kind", "quoting_grid");
    set(key + ".instruments", symbol);
    set(key + ".params.levels", pick_.whole(1, 4));
    set(key + ".params.half_spread", pick_.share_e5(1, 40));
    set(key + ".params.spacing", pick_.share_e5(1, 40));
    set(key + ".params.order_notional", is_reckless_ ? money(1000, 15'000) : money(110, 700));
    set(key + ".params.max_inventory", is_reckless_ ? money(5'000, 60'000) : money(300, 4'000));
    set(key + ".params.skew", pick_.of({"0", "0.5", "1", "3"}));
    set(key + ".params.centre", pick_.of({"micro_price", "mid"}));
    set(key + ".params.requote_threshold", pick_.share_e5(0, 20));
    set(key + ".params.min_requote_interval", pick_.of({"100ms", "250ms", "1s"}));
    set(key + ".params.requote_by", pick_.of({"modify", "modify", "cancel"}));
  }

  void trend(const std::string& key, const std::string& symbol) {
    set(key + ".kind", "trend_following");
    set(key + ".instruments", symbol);
    set(key + ".params.fast_period", pick_.whole(1, 4));
    set(key + ".params.slow_period", pick_.whole(5, 9));
    set(key + ".params.breakout_period", pick_.whole(1, 5));
    set(key + ".params.atr_period", pick_.whole(1, 6));
    set(key + ".params.atr_multiple", pick_.of({"0.5", "2", "4"}));
    set(key + ".params.trail_multiple", pick_.of({"1", "3"}));
    set(key + ".params.min_stop", pick_.share_e5(10, 300));
    set(key + ".params.cooldown_bars", pick_.whole(0, 2));
    set(key + ".params.protective_distance", pick_.share_e5(0, 100));
    set(key + ".params.protective_min_move", pick_.share_e5(0, 50));
  }

  RandomStream& random_;
  Pick pick_;
  Plan& plan_;
  std::int64_t balance_ = 0;
  bool is_reckless_ = false;
};

}  // namespace

void draw_settings(RandomStream& random, Plan& plan) {
  Settings(random, plan).draw();
}

}  // namespace reprise::sim::swarm
