#include "gateway/net/http_exchange.h"

#include <boost/asio/error.hpp>
#include <utility>

namespace reprise::net {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t kReadSize = 16u << 10;

}  // namespace

HttpExchange::HttpExchange(LoopCore& core, std::shared_ptr<Transport> transport, const HttpClientOptions& options)
    : core_(core),
      transport_(std::move(transport)),
      header_bytes_(options.header_bytes),
      answer_bytes_(options.answer_bytes),
      idle_since_(core.now()) {}

void HttpExchange::new_parser() {
  parser_.emplace();
  parser_->eager(true);
  parser_->skip(head_only_);
  parser_->header_limit(static_cast<std::uint32_t>(header_bytes_));
  parser_->body_limit(answer_bytes_);
}

void HttpExchange::wait(std::function<void()> lost) {
  lost_ = std::move(lost);
  idle_since_ = core_.now();
  read();
}

bool HttpExchange::is_fit() {
  return transport_->is_quiet();
}

void HttpExchange::start(const std::string& text, bool head_only, Done done) {
  lost_ = nullptr;
  head_only_ = head_only;
  done_ = std::move(done);
  new_parser();
  begin_ = transport_->position();
  sent_at_ = core_.now();
  transport_->write(text);
  transport_->push();
  read();
}

void HttpExchange::read() {
  if (reading_) return;
  reading_ = true;
  transport_->read(input_.prepare(kReadSize),
                   IoCallback([self = shared_from_this()](ErrorCode code, std::size_t bytes) {
                     self->reading_ = false;
                     self->on_read(code, bytes);
                   }));
}

void HttpExchange::on_read(ErrorCode code, std::size_t bytes) {
  if (!done_) {  // it waited for a request
    if (lost_) std::exchange(lost_, nullptr)();
    return;
  }
  input_.commit(bytes);
  ErrorCode problem;
  if (code == asio::error::eof) {
    if (parser_->got_some() && !parser_->is_done()) parser_->put_eof(problem);
    if (!problem && parser_->is_done()) return take_answer();
    return fail(
        parser_->got_some() ? "the connection ended within the answer" : "the connection ended without an answer",
        false);
  }
  if (code) return fail(transport_->failure().empty() ? code.message() : transport_->failure(), false);
  if (!parse(problem)) {
    if (problem == http::error::body_limit || problem == http::error::header_limit)
      return fail("the answer is larger than allowed", false);
    return fail("not an HTTP answer: " + problem.message(), false);
  }
  if (!parser_->is_done()) return read();
  take_answer();
}

bool HttpExchange::parse(ErrorCode& code) {
  while (input_.size() > 0) {
    const std::size_t used = parser_->put(input_.data(), code);
    input_.consume(used);
    if (code == http::error::need_more) {
      code = {};
      return true;
    }
    if (code) return false;
    if (!parser_->is_done()) continue;
    const int status = static_cast<int>(parser_->get().result_int());
    if (status < 100 || status >= 200 || status == 101) return true;
    new_parser();  // an interim answer
  }
  return true;
}

void HttpExchange::take_answer() {
  auto& message = parser_->get();
  HttpResult result;
  result.fate = Fate::answered;
  result.response.status = static_cast<int>(message.result_int());
  for (const auto& field : message)
    result.response.headers.add(std::string(field.name_string()), std::string(field.value()));
  result.response.body = std::move(message.body());
  result.sent_at = sent_at_;
  result.ended_at = core_.now();
  // An answer to half a request leaves the other half in the way; bytes behind an answer belong to nothing.
  const bool keep = message.keep_alive() && result.response.status != 101 && transport_->is_open() &&
                    transport_->queued() == 0 && input_.size() == 0;
  const Done done = std::exchange(done_, nullptr);
  if (!keep) close();
  done(std::move(result), keep);
}

void HttpExchange::fail(std::string problem, bool timed_out) {
  if (!done_) return;
  HttpResult result;
  result.fate = transport_->sent_position() > begin_ ? Fate::unknown : Fate::not_sent;
  result.response.status = parser_->is_header_done() ? static_cast<int>(parser_->get().result_int()) : 0;
  result.problem = std::move(problem);
  result.timed_out = timed_out;
  result.sent_at = result.fate == Fate::unknown ? sent_at_ : 0;
  result.ended_at = core_.now();
  const Done done = std::exchange(done_, nullptr);
  transport_->reset();  // an orderly close would send what is said here to be unsent
  done(std::move(result), false);
}

void HttpExchange::abandon(const std::string& problem, bool timed_out) {
  fail(problem, timed_out);
}

void HttpExchange::close() {
  lost_ = nullptr;
  transport_->close();
}

}  // namespace reprise::net
