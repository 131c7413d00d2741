#include "net/connection.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace pabal::net {

namespace {

/// A peer that goes on talking after our last word gets this much patience.
constexpr std::size_t kMaxDrainedBytes = 1024 * 1024;

}  // namespace

Connection::Connection(Loop& loop, std::unique_ptr<Stream> stream)
    : loop_(loop), stream_(std::move(stream)), input_(loop.blocks()) {}

Connection::~Connection() = default;

void Connection::close() { give_up(); }

void Connection::give_up() {
  failed_ = true;
  stream_->close();
}

void Connection::drop_consumed() { input_.consume(std::exchange(consumed_, 0)); }

Task<Result<void>> Connection::fill(Deadline deadline) {
  if (output_size_ > 0 && !sending_) PABAL_CO_TRY_VOID(co_await send({}, deadline));
  if (failed_) co_return fail(ErrorKind::kClose, "the connection failed before");
  input_.shrink();
  PABAL_CO_TRY_VOID(co_await stream_->wait_readable(deadline));
  co_return co_await take_input(deadline);
}

Task<Result<void>> Connection::wait_for_input(Deadline deadline) {
  drop_consumed();
  if (!input_.empty()) return done();
  PABAL_CHECK(output_size_ == 0);
  return stream_->wait_readable(deadline);
}

Task<Result<void>> Connection::take_input(Deadline deadline) {
  drop_consumed();
  PABAL_CO_TRY(const std::size_t size, co_await stream_->read_some(input_.room(), deadline));
  input_.add(size);
  received_bytes_ += size;
  if (size > 0) co_return Result<void>();
  const bool cut = !input_.empty();
  input_.consume(0);
  co_return fail(ErrorKind::kClose, "the peer closed the connection{}",
                 cut ? " in the middle of a line" : "");
}

Task<Result<std::string_view>> Connection::read_line(LineLimits limits, Deadline deadline) {
  drop_consumed();
  if (failed_) co_return fail(ErrorKind::kClose, "the connection failed before");
  if (framing_lost_) {
    std::ignore = co_await flush(deadline);
    co_return fail(ErrorKind::kClose, "nobody knows where the peer's next command begins");
  }
  std::size_t searched = 0;
  for (;;) {
    const std::string_view bytes = input_.bytes();
    const std::size_t lf = bytes.find('\n', searched);
    if (lf != bytes.npos) co_return take_line(lf, limits);
    // One byte more than the limit may still be the CR of its end.
    if (bytes.size() > limits.max_bytes + 1) co_return co_await drop_line(limits, deadline);
    searched = bytes.size();
    PABAL_CO_TRY_VOID(co_await fill(deadline));
  }
}

// The line that ends with the LF at that place in the buffer.
Result<std::string_view> Connection::take_line(std::size_t lf, const LineLimits& limits) {
  const std::string_view bytes = input_.bytes();
  const bool has_cr = lf > 0 && bytes[lf - 1] == '\r';
  consumed_ = lf + 1;
  framing_lost_ = (!has_cr && !limits.accept_bare_lf) || lf > limits.max_dropped_bytes;
  const std::string_view line = bytes.substr(0, has_cr ? lf - 1 : lf);
  if (line.size() > limits.max_bytes) {
    return fail(ErrorKind::kOverLimit, "the line has more than {} bytes", limits.max_bytes);
  }
  if (framing_lost_) return fail(ErrorKind::kRefuse, "a line ended with LF alone; lines must end with CR LF");
  if (!limits.accept_bare_cr && line.find('\r') != line.npos) {
    return fail(ErrorKind::kRefuse, "a line has a CR in it that is not part of its end");
  }
  if (tap_ != nullptr) tap_->line_received(line);
  return line;
}

// Reads to the end of a line that is too long already, keeping of it only what may be half of its end.
Task<Result<std::string_view>> Connection::drop_line(LineLimits limits, Deadline deadline) {
  std::size_t dropped = 0;
  bool after_cr = false;
  for (;;) {
    const std::string_view bytes = input_.bytes();
    const std::size_t lf = bytes.find('\n');
    if (lf != bytes.npos) {
      const bool has_cr = lf > 0 ? bytes[lf - 1] == '\r' : after_cr;
      framing_lost_ = (!has_cr && !limits.accept_bare_lf) || dropped + lf > limits.max_dropped_bytes;
      input_.consume(lf + 1);
      break;
    }
    if (!bytes.empty()) after_cr = bytes.back() == '\r';
    dropped += bytes.size();
    input_.consume(bytes.size());
    if (dropped > limits.max_dropped_bytes) {
      framing_lost_ = true;
      break;
    }
    PABAL_CO_TRY_VOID(co_await fill(deadline));
  }
  co_return fail(ErrorKind::kOverLimit, "the line has more than {} bytes", limits.max_bytes);
}

Task<Result<void>> Connection::read_exactly(std::span<char> into, Deadline deadline) {
  drop_consumed();
  if (failed_) co_return fail(ErrorKind::kClose, "the connection failed before");
  if (tap_ != nullptr) tap_->data_received(into.size());
  const std::size_t buffered = std::min(into.size(), input_.bytes().size());
  input_.bytes().copy(into.data(), buffered);
  input_.consume(buffered);
  into = into.subspan(buffered);
  if (!into.empty() && output_size_ > 0) PABAL_CO_TRY_VOID(co_await flush(deadline));
  while (!into.empty()) {
    if (failed_) co_return fail(ErrorKind::kClose, "the connection failed before");
    PABAL_CO_TRY(const std::size_t size, co_await stream_->read_some(into, deadline));
    if (size == 0)
      co_return fail(ErrorKind::kClose, "the peer closed the connection in the middle of its data");
    received_bytes_ += size;
    into = into.subspan(size);
  }
  co_return Result<void>();
}

Task<Result<std::string_view>> Connection::peek(Deadline deadline, std::size_t at_least) {
  PABAL_CHECK(at_least <= kBlockBytes);
  drop_consumed();
  if (failed_) co_return fail(ErrorKind::kClose, "the connection failed before");
  while (input_.bytes().size() < at_least) PABAL_CO_TRY_VOID(co_await fill(deadline));
  co_return input_.bytes();
}

void Connection::consume(std::size_t size_bytes) {
  PABAL_CHECK(size_bytes <= buffered_input().size());
  if (tap_ != nullptr) tap_->data_received(size_bytes);
  consumed_ += size_bytes;
}

Task<Result<void>> Connection::write(std::string_view bytes, Deadline deadline) {
  if (failed_) co_return fail(ErrorKind::kClose, "the connection failed before");
  if (bytes.empty()) co_return Result<void>();  // and no buffer is taken for it
  if (tap_ != nullptr) tap_->sent(bytes);
  if (bytes.size() > kBlockBytes - output_size_) co_return co_await send(bytes, deadline);
  if (!output_) output_ = Block(loop_.blocks());
  bytes.copy(output_.data() + output_size_, bytes.size());
  output_size_ += bytes.size();
  co_return Result<void>();
}

Task<Result<void>> Connection::flush(Deadline deadline) {
  if (output_size_ == 0 && !sending_ && !failed_) co_return Result<void>();
  co_return co_await send({}, deadline);
}

// What is in the output buffer, then `more`. While it is on its way the next bytes gather in a new buffer.
Task<Result<void>> Connection::send(std::string_view more, Deadline deadline) {
  while (sending_) PABAL_CO_TRY_VOID(co_await sent_.wait(deadline));
  if (failed_) co_return fail(ErrorKind::kClose, "the connection failed before");
  sending_ = true;
  const Block block = std::move(output_);
  const std::size_t buffered = std::exchange(output_size_, 0);
  const std::array<std::string_view, 2> pieces = {std::string_view(block.data(), buffered), more};
  Result<void> result = co_await stream_->write_all(pieces, deadline);
  sending_ = false;
  sent_.notify_all();
  if (result) {
    sent_bytes_ += buffered + more.size();
  } else {
    give_up();
  }
  co_return result;
}

Task<Result<void>> Connection::finish(Deadline deadline) {
  Result<void> result = co_await flush(deadline);
  if (result) result = co_await stream_->shut_down(deadline);
  std::size_t drained = 0;
  while (result && drained < kMaxDrainedBytes) {
    input_.consume(input_.bytes().size());
    consumed_ = 0;
    result = co_await stream_->wait_readable(deadline);
    if (!result) break;
    const auto size = co_await stream_->read_some(input_.room(), deadline);
    // A peer that just leaves, as most do, has not failed: all of ours was sent.
    if (!size || *size == 0) break;
    drained += *size;
  }
  input_.consume(input_.bytes().size());
  give_up();
  co_return result;
}

}  // namespace pabal::net
