#include "gateway/net/transport.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "journal/assert.h"

namespace reprise::net {

namespace {

constexpr std::size_t kReadAhead = 16u << 10;
constexpr std::size_t kTlsRecord = 16u << 10;
constexpr std::size_t kMaxVectors = 64;

ErrorCode system_code(int number) {
  return {number, boost::system::system_category()};
}
bool is_would_block(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

}  // namespace

Transport::Transport(LoopCore& core, tcp::socket socket) : core_(core), socket_(std::move(socket)) {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  last_progress_ = core_.now();
  core_.join(*this);
}

Transport::~Transport() {
  core_.leave(*this);  // nobody waits any more; the socket closes itself
}

void Transport::on_loop_end() {
  const auto self = shared_from_this();
  const IoCallback read = std::move(read_done_);
  const std::function<void(std::string)> handshake = std::exchange(handshake_done_, nullptr);
}

std::string Transport::failure() const {
  if (!failure_text_.empty()) return failure_text_;
  return failure_ ? failure_.message() : std::string();
}

// ---- input

IoStep Transport::receive(char* data, std::size_t size, std::size_t& got) {
  if (tls_) return tls_->read(data, size, got);
  const ssize_t done = ::recv(socket_.native_handle(), data, size, MSG_DONTWAIT);
  got = done > 0 ? static_cast<std::size_t>(done) : 0;
  if (done > 0) return IoStep::done;
  if (done == 0) return IoStep::closed;
  if (is_would_block(errno)) return IoStep::wants_read;
  failure_ = system_code(errno);
  return IoStep::failed;
}

void Transport::read(asio::mutable_buffer into, IoCallback done) {
  REPRISE_ASSERT(!read_done_, "a second read on a connection");
  read_into_ = into;
  read_done_ = std::move(done);
  if (ahead_begin_ == ahead_end_ && open_ && !end_) {
    if (!more_likely_ && !(tls_ && tls_->has_pending())) return wait_to_read();
    fill();
    if (ahead_begin_ == ahead_end_ && open_ && !end_) return wait_to_read();
  }
  asio::post(core_.context(), [self = shared_from_this()] { self->complete_read(); });
}

void Transport::put_back(std::string_view bytes) {
  if (bytes.empty()) return;
  std::string whole(bytes);
  whole.append(ahead_, ahead_begin_, ahead_end_ - ahead_begin_);
  ahead_ = std::move(whole);
  ahead_begin_ = 0;
  ahead_end_ = ahead_.size();
}

void Transport::fill() {
  if (ahead_.size() < kReadAhead) ahead_.resize(kReadAhead);
  std::size_t got = 0;
  const IoStep step = receive(ahead_.data(), ahead_.size(), got);
  ahead_begin_ = 0;
  ahead_end_ = got;
  more_likely_ = got == ahead_.size();
  if (std::exchange(flush_after_read_, false)) want_flush();
  switch (step) {
    case IoStep::done: received_ = true; break;
    case IoStep::wants_read: break;
    case IoStep::wants_write: wait_to_write(); break;
    case IoStep::closed: end_ = asio::error::eof; break;
    case IoStep::failed:
      if (tls_) return fail(asio::error::connection_reset, tls_->problem());
      return fail(failure_, {});
  }
}

void Transport::wait_to_read() {
  if (waiting_to_read_ || !open_) return;
  waiting_to_read_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](ErrorCode) {
    self->waiting_to_read_ = false;
    if (self->handshake_done_) return self->step_handshake();
    if (!self->read_done_) return;
    if (self->open_ && self->ahead_begin_ == self->ahead_end_ && !self->end_) self->fill();
    if (self->open_ && self->ahead_begin_ == self->ahead_end_ && !self->end_) return self->wait_to_read();
    self->complete_read();
  });
}

void Transport::complete_read() {
  if (!read_done_) return;
  if (open_ && !end_ && ahead_begin_ == ahead_end_ && read_into_.size() > 0) return wait_to_read();
  std::size_t bytes = std::min(read_into_.size(), ahead_end_ - ahead_begin_);
  if (!open_) bytes = 0;
  std::memcpy(read_into_.data(), ahead_.data() + ahead_begin_, bytes);
  ahead_begin_ += bytes;
  ErrorCode code;
  if (bytes == 0 && read_into_.size() > 0) {
    code = end_;
    if (failure_) code = failure_;
    if (!code) code = asio::error::operation_aborted;
  }
  IoCallback done = std::move(read_done_);
  done(code, bytes);
}

bool Transport::is_quiet() {
  if (!open_ || end_ || ahead_begin_ != ahead_end_) return false;
  fill();
  return open_ && !end_ && ahead_begin_ == ahead_end_;
}

// ---- output

void Transport::write(std::string head, std::shared_ptr<const std::string> body) {
  Chunk chunk{std::move(head), std::move(body)};
  const std::size_t size = chunk.size();
  if (!open_ || discard_ || finishing_ || size == 0) return;
  if (queued_ == 0) last_progress_ = core_.now();
  queued_ += size;
  position_ += size;
  chunks_.push_back(std::move(chunk));
  want_flush();
}

void Transport::want_flush() {
  if (flush_wanted_ || waiting_to_write_) return;
  flush_wanted_ = true;
  core_.at_turn_end(shared_from_this());
  // A turn ends only after a callback: there is one even if the write came from outside of any.
  asio::post(core_.context(), [] {});
}

void Transport::at_turn_end() {
  flush_wanted_ = false;
  flush();
}

void Transport::consume(std::size_t bytes) {
  if (bytes == 0) return;
  last_progress_ = core_.now();
  queued_ -= bytes;
  while (bytes > 0) {
    const std::size_t left = chunks_.front().size() - first_sent_;
    if (bytes < left) {
      first_sent_ += bytes;
      return;
    }
    bytes -= left;
    first_sent_ = 0;
    chunks_.pop_front();
  }
}

IoStep Transport::flush_plain() {
  while (!chunks_.empty()) {
    iovec vectors[kMaxVectors];
    std::size_t count = 0, skip = first_sent_, total = 0;
    for (auto chunk = chunks_.begin(); chunk != chunks_.end() && count + 2 <= kMaxVectors; ++chunk) {
      const std::string* const parts[] = {&chunk->head, chunk->body.get()};
      for (const std::string* part : parts) {
        if (part == nullptr) continue;
        if (skip >= part->size()) {
          skip -= part->size();
          continue;
        }
        vectors[count++] = {const_cast<char*>(part->data()) + skip, part->size() - skip};
        total += part->size() - skip;
        skip = 0;
      }
    }
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    const ssize_t done = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0) {
      if (is_would_block(errno)) return IoStep::wants_write;
      failure_ = system_code(errno);
      return IoStep::failed;
    }
    sent_position_ += static_cast<std::uint64_t>(done);
    consume(static_cast<std::size_t>(done));
    if (static_cast<std::size_t>(done) < total) return IoStep::wants_write;
  }
  return IoStep::done;
}

IoStep Transport::flush_tls() {
  for (;;) {
    if (record_sent_ == record_.size()) {
      record_.clear();
      record_sent_ = 0;
      while (!chunks_.empty() && record_.size() < kTlsRecord) {
        // What is in the record counts as queued until OpenSSL has taken it; its chunk goes when it is copied whole.
        Chunk& chunk = chunks_.front();
        const std::size_t size = std::min(chunk.size() - first_sent_, kTlsRecord - record_.size());
        std::size_t wanted = size, at = first_sent_;
        if (at < chunk.head.size()) {
          const std::size_t part = std::min(wanted, chunk.head.size() - at);
          record_.append(chunk.head, at, part);
          wanted -= part;
          at += part;
        }
        if (wanted > 0) record_.append(*chunk.body, at - chunk.head.size(), wanted);
        first_sent_ += size;
        if (first_sent_ == chunk.size()) {
          chunks_.pop_front();
          first_sent_ = 0;
        }
      }
      if (record_.empty()) return IoStep::done;
    }
    const std::uint64_t wire = tls_->wire_bytes_out();
    const std::uint64_t record_end = position_ - queued_ + (record_.size() - record_sent_);
    std::size_t taken = 0;
    const IoStep step = tls_->write(record_.data() + record_sent_, record_.size() - record_sent_, taken);
    if (tls_->wire_bytes_out() != wire) {  // a part of the record may hold the whole of a message
      sent_position_ = record_end;
      last_progress_ = core_.now();
    }
    record_sent_ += taken;
    queued_ -= taken;
    if (step != IoStep::done) return step;
  }
}

void Transport::flush() {
  if (!open_ || handshake_done_ || waiting_to_write_) return;
  switch (tls_ ? flush_tls() : flush_plain()) {
    case IoStep::done:
      if (finishing_) {
        if (tls_) tls_->say_goodbye();
        ::shutdown(socket_.native_handle(), SHUT_WR);
      }
      return;
    case IoStep::wants_write: return wait_to_write();
    case IoStep::wants_read: flush_after_read_ = true; return;
    case IoStep::closed: return fail(asio::error::broken_pipe, {});
    case IoStep::failed:
      if (tls_) return fail(asio::error::broken_pipe, tls_->problem());
      return fail(failure_, {});
  }
}

void Transport::wait_to_write() {
  if (waiting_to_write_ || !open_) return;
  waiting_to_write_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](ErrorCode) {
    self->waiting_to_write_ = false;
    if (self->handshake_done_) return self->step_handshake();
    self->flush();
  });
}

void Transport::discard_output() {
  discard_ = true;
  chunks_.clear();
  record_.clear();
  record_sent_ = first_sent_ = queued_ = 0;
}

void Transport::finish_output() {
  if (finishing_) return;
  finishing_ = true;
  want_flush();
}

// ---- handshake and end

void Transport::start_tls(std::shared_ptr<TlsContext> context, const std::string& server_name,
                          std::function<void(std::string)> done) {
  Result<std::unique_ptr<TlsSession>> session =
      TlsSession::open(std::move(context), static_cast<int>(socket_.native_handle()), server_name);
  if (!session.ok()) {
    failure_text_ = session.error().text();
    asio::post(core_.context(), [text = failure_text_, done = std::move(done)] { done(text); });
    return;
  }
  tls_ = std::move(session).value();
  handshake_done_ = std::move(done);
  asio::post(core_.context(), [self = shared_from_this()] { self->step_handshake(); });
}

void Transport::step_handshake() {
  if (!handshake_done_) return;
  std::string problem;
  const IoStep step = open_ ? tls_->handshake() : IoStep::closed;
  switch (step) {
    case IoStep::wants_read: return wait_to_read();
    case IoStep::wants_write: return wait_to_write();
    case IoStep::done: break;
    case IoStep::closed: problem = failure().empty() ? "closed during the TLS handshake" : failure(); break;
    case IoStep::failed:
      problem = tls_->problem();
      failure_text_ = problem;
      break;
  }
  const std::function<void(std::string)> done = std::exchange(handshake_done_, nullptr);
  done(problem);
  if (open_ && read_done_) wait_to_read();
}

void Transport::fail(ErrorCode code, std::string text) {
  failure_ = code ? code : ErrorCode(asio::error::connection_reset);
  failure_text_ = std::move(text);
  shut(failure_);
}

void Transport::shut(ErrorCode code) {
  if (!open_) return;
  open_ = false;
  if (!end_) end_ = code;
  ErrorCode ignored;
  socket_.close(ignored);  // ends the waits, and through them the read
  if (weak_from_this().expired()) return;
  asio::post(core_.context(), [self = shared_from_this()] {
    if (self->handshake_done_) self->step_handshake();
    self->complete_read();
  });
}

void Transport::close() {
  if (!open_) return;
  flush();
  if (!open_) return;
  if (tls_ && !handshake_done_) tls_->say_goodbye();
  shut(asio::error::operation_aborted);
}

void Transport::reset() {
  if (!open_) return;
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  shut(asio::error::operation_aborted);
}

}  // namespace reprise::net
