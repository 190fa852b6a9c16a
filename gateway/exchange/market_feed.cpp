#include "gateway/exchange/market_feed.h"

#include <optional>

#include "engine/market/fixed.h"
#include "sim/dataset_source.h"
#include "sim/generator/generator.h"

namespace reprise::gateway::exchange {

namespace {

constexpr std::int64_t kSlice = 100'000'000;  // of a generated market, made at a time

class DatasetFeed final : public MarketFeed {
 public:
  DatasetFeed(sim::DatasetSource source, UnixNanos start) : source_(std::move(source)) {
    shift_ = (start.ns - source_.start().ns) / kMinute * kMinute;
    has_record_ = source_.next(record_);
  }
  ~DatasetFeed() override {
    if (has_record_) source_.release(record_);
  }
  DatasetFeed(const DatasetFeed&) = delete;
  DatasetFeed& operator=(const DatasetFeed&) = delete;

  std::optional<UnixNanos> next() override {
    if (!has_record_) return std::nullopt;
    return moved(record_.at_venue);
  }

  void take(const Take& take) override {
    const UnixNanos now = moved(record_.at_venue);
    const UnixNanos happened = moved(record_.happened);
    if (const auto batch = retimed(record_.view); batch) {
      batch->for_each(1, [&](const journal::RecordView& view) { take(view, record_.instrument, now, happened); });
    } else {
      take(record_.view, record_.instrument, now, happened);
    }
    source_.release(record_);
    has_record_ = source_.next(record_);
  }

  Status status() const override { return source_.status(); }

 private:
  UnixNanos moved(UnixNanos time) const { return {time.ns + shift_}; }

  // A copy with its inner times moved; none where a record has none.
  std::optional<journal::RecordBatch> retimed(const journal::RecordView& view) const {
    std::optional<journal::RecordBatch> out;
    if (view.type() == journal::RecordType::MARK_PRICE) {
      const auto from = journal::read<schema::MarkPrice>(view);
      if (from.getNextFundingTime() == 0) return out;
      out.emplace().append<schema::MarkPrice>(view.type(), {}, [&](schema::MarkPrice::Builder to) {
        to.setMarkPrice(from.getMarkPrice());
        to.setIndexPrice(from.getIndexPrice());
        to.setFundingRate(from.getFundingRate());
        to.setNextFundingTime(from.getNextFundingTime() + shift_);
        to.setEstimatedSettlePrice(from.getEstimatedSettlePrice());
        to.setIsFallback(from.getIsFallback());
      });
    } else if (view.type() == journal::RecordType::MARKET_BAR) {
      const auto from = journal::read<schema::MarketBar>(view);
      out.emplace().append<schema::MarketBar>(view.type(), {}, [&](schema::MarketBar::Builder to) {
        to.setOpen(from.getOpen());
        to.setHigh(from.getHigh());
        to.setLow(from.getLow());
        to.setClose(from.getClose());
        to.setVolume(from.getVolume());
        to.setQuoteVolume(from.getQuoteVolume());
        to.setTradeCount(from.getTradeCount());
        to.setOpenTime(from.getOpenTime() + shift_);
        to.setCloseTime(from.getCloseTime() + shift_);
        to.setTakerBuyVolume(from.getTakerBuyVolume());
        to.setIsMarkPrice(from.getIsMarkPrice());
        to.setIsFinal(from.getIsFinal());
      });
    }
    return out;
  }

  sim::DatasetSource source_;
  std::int64_t shift_ = 0;
  sim::SourceRecord record_;
  bool has_record_ = false;
};

class GeneratedFeed final : public MarketFeed {
 public:
  GeneratedFeed(std::uint64_t seed, std::uint32_t symbols, UnixNanos start)
      : market_(seed, symbols, start.ns), made_until_(start.ns) {
    fill();
  }

  std::optional<UnixNanos> next() override { return UnixNanos{records_[at_].header->ts_event}; }

  void take(const Take& take) override {
    const journal::RecordView view = records_[at_];
    const UnixNanos time{view.header->ts_event};
    take(view, view.header->instrument, time, time);
    if (++at_ == records_.size()) fill();
  }

  Status status() const override { return ok_status(); }

 private:
  void fill() {
    batch_.clear();
    records_.clear();
    at_ = 0;
    while (batch_.empty()) {
      made_until_ += kSlice;
      market_.run_until(made_until_, batch_);
    }
    batch_.for_each(1, [&](const journal::RecordView& view) { records_.push_back(view); });
  }

  sim::SyntheticMarket market_;
  std::int64_t made_until_;
  journal::RecordBatch batch_;
  std::vector<journal::RecordView> records_;  // views into batch_
  std::size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<MarketFeed>> open_dataset_feed(const std::vector<std::string>& datasets, UnixNanos start) {
  Result<sim::DatasetSource> source = sim::DatasetSource::open(datasets, {0});
  if (!source) return source.error();
  return std::unique_ptr<MarketFeed>(std::make_unique<DatasetFeed>(std::move(source).value(), start));
}

std::unique_ptr<MarketFeed> open_generated_feed(std::uint64_t seed, std::uint32_t symbols, UnixNanos start) {
  return std::make_unique<GeneratedFeed>(seed, symbols, start);
}

}  // namespace reprise::gateway::exchange
