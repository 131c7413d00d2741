#include "http/detail/http1_exchange.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "http/grammar/date.h"

namespace pabal::http {
namespace {

/// A body up to this size goes out in one piece with its head.
constexpr std::size_t kMaxJoinedBytes = 4096;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace

Http1Exchange::Http1Exchange(Session& session, RequestHead head, net::Context context)
    : session_(session),
      head_(std::move(head)),
      stop_(context.cancel),
      gone_(stop_),
      until_(&session.draining),
      body_left_(head_.request.content_length.value_or(0)),
      body_done_(!head_.request.has_body),
      continue_due_(head_.expects_continue),
      body_clock_(session),
      keep_alive_(head_.keep_alive) {}

// --- The body that comes in.

net::Task<Result<std::string_view>> Http1Exchange::read_some() {
  if (body_faulty_) co_return fail(ErrorKind::kClose, "the rest of the body can't be read");
  if (body_done_) co_return std::string_view();
  if (std::exchange(continue_due_, false) && phase_ == Phase::kUnanswered) {
    PABAL_CO_TRY_VOID(co_await session_.connection.write(kContinue, session_.deadline_for(kContinue.size())));
  }
  auto piece = head_.chunked ? co_await read_chunked() : co_await read_sized();
  if (!piece) body_faulty_ = true;
  co_return piece;
}

net::Task<Result<std::string_view>> Http1Exchange::read_sized() {
  PABAL_CO_TRY(std::string_view piece, co_await session_.connection.peek(body_clock_.begin_wait()));
  piece = piece.substr(0, body_left_);
  body_clock_.end_wait(piece.size());
  session_.connection.consume(piece.size());
  body_left_ -= piece.size();
  body_done_ = body_left_ == 0;
  co_return piece;
}

net::Task<Result<std::string_view>> Http1Exchange::read_chunked() {
  std::string_view data;
  while (data.empty() && !chunked_.done()) {
    PABAL_CO_TRY(const std::string_view bytes, co_await session_.connection.peek(body_clock_.begin_wait()));
    const auto step = chunked_.next(bytes);
    if (!step) co_return fail(ErrorKind::kRefuse, "the body's chunks are broken");
    body_clock_.end_wait(step->data.size());
    session_.connection.consume(step->consumed);
    data = step->data;
  }
  body_done_ = chunked_.done();
  co_return data;
}

// What the handler did not want. False if it is too much, or if nobody knows whether it comes at all.
net::Task<bool> Http1Exchange::drop_body() {
  if (continue_due_) co_return body_done_;
  std::size_t dropped = 0;
  while (!body_done_) {
    const auto piece = co_await read_some();
    if (!piece) co_return false;
    dropped += piece->size();
    if (dropped > session_.options.max_dropped_bytes) co_return false;
  }
  co_return true;
}

// --- The answer.

net::Task<Result<void>> Http1Exchange::respond(Response response) {
  const std::string_view body = response.body.view();
  PABAL_CO_TRY_VOID(co_await send_head(response.status, std::move(response.fields), body.size(), body));
  phase_ = Phase::kAnswered;
  co_return Result<void>();
}

net::Task<Result<void>> Http1Exchange::begin(ResponseHead head, std::optional<std::uint64_t> size_bytes) {
  PABAL_CO_TRY_VOID(co_await send_head(head.status, std::move(head.fields), size_bytes, {}));
  phase_ = Phase::kStreaming;
  to_write_ = size_bytes;
  if (size_bytes) co_return Result<void>();
  // The first piece of a stream may take its time, and so may the last.
  const Result<void> flushed = co_await session_.connection.flush(session_.deadline_for(0));
  if (!flushed) co_return broken(flushed.error());
  watch_client();
  co_return Result<void>();
}

net::Task<Result<void>> Http1Exchange::send_head(Status status, Fields fields,
                                                 std::optional<std::uint64_t> size, std::string_view body) {
  PABAL_CHECK(phase_ == Phase::kUnanswered);
  session_.complete(fields);
  // Whatever follows a body that was not read could be taken for a request.
  const bool too_much_left = body_left_ > session_.options.max_dropped_bytes;
  if (session_.draining.cancelled() || body_faulty_ || continue_due_ || too_much_left) keep_alive_ = false;
  const bool has_body = !is_bodiless(status) && head_.request.method != Method::kHead;
  std::string out =
      format_response_head(status, fields, http_date(session_.connection.loop().clock().wall()));
  if (size && !is_bodiless(status)) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *size);
  } else if (!size && head_.request.version == Version::kHttp11) {
    writes_chunks_ = has_body;
    if (has_body) append_field(out, "Transfer-Encoding", "chunked");
  } else if (!size) {
    keep_alive_ = false;
  }
  if (!keep_alive_) {
    append_field(out, "Connection", "close");
  } else if (head_.request.version == Version::kHttp10) {
    append_field(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  session_.tell(head_.request, status);
  phase_ = Phase::kBroken;  // until it is out
  if (!has_body) body = {};
  if (body.size() <= kMaxJoinedBytes) {
    out += body;
    body = {};
  }
  net::Connection& connection = session_.connection;
  PABAL_CO_TRY_VOID(co_await connection.write(out, session_.deadline_for(out.size())));
  if (!body.empty()) PABAL_CO_TRY_VOID(co_await connection.write(body, session_.deadline_for(body.size())));
  co_return Result<void>();
}

net::Task<Result<void>> Http1Exchange::write(std::string_view piece) {
  if (phase_ != Phase::kStreaming) co_return fail(ErrorKind::kClose, "the connection failed before");
  if (piece.empty()) co_return Result<void>();
  if (to_write_) {
    PABAL_CHECK(piece.size() <= *to_write_);  // the handler's own word
    *to_write_ -= piece.size();
  }
  if (head_.request.method == Method::kHead) co_return Result<void>();
  net::Connection& connection = session_.connection;
  const net::Deadline deadline = session_.deadline_for(piece.size());
  Result<void> sent;
  if (writes_chunks_) sent = co_await connection.write(fmt::format("{:x}\r\n", piece.size()), deadline);
  if (sent) sent = co_await connection.write(piece, deadline);
  if (sent && writes_chunks_) sent = co_await connection.write("\r\n", deadline);
  if (sent) sent = co_await connection.flush(deadline);
  if (!sent) co_return broken(sent.error());
  co_return Result<void>();
}

net::Task<Result<void>> Http1Exchange::end() {
  if (phase_ != Phase::kStreaming) co_return fail(ErrorKind::kClose, "the connection failed before");
  if (to_write_.value_or(0) > 0 && head_.request.method != Method::kHead)
    co_return broken({ErrorKind::kClose, "the answer ended before its size"});
  co_await end_watch();
  if (writes_chunks_) {
    const Result<void> sent = co_await session_.connection.write("0\r\n\r\n", session_.deadline_for(0));
    if (!sent) co_return broken(sent.error());
  }
  phase_ = Phase::kAnswered;
  co_return Result<void>();
}

std::unexpected<Error> Http1Exchange::broken(Error error) {
  phase_ = Phase::kBroken;
  gone_.cancel();
  until_.cancel();
  return std::unexpected(std::move(error));
}

// --- The client goes.

// While an answer streams nobody reads, so nobody would see the client's end. What it sends meanwhile is
// the next request, and waits.
void Http1Exchange::watch_client() {
  if (!body_done_) return;
  watching_.emplace(session_.connection.loop(), stop_);
  watching_->spawn(watch());
}

net::Task<void> Http1Exchange::watch() {
  const std::size_t there = session_.connection.buffered_input().size();
  if (there > 0) co_return;
  const auto more = co_await session_.connection.peek(net::Deadline::never());
  if (more || more.error().kind == ErrorKind::kCancelled) co_return;
  gone_.cancel();
  until_.cancel();
}

net::Task<void> Http1Exchange::end_watch() {
  if (!watching_) co_return;
  watching_->cancel();
  co_await watching_->join();
  watching_.reset();
}

net::Task<bool> Http1Exchange::finish(bool failed) {
  co_await end_watch();
  if (phase_ == Phase::kUnanswered) {
    keep_alive_ = keep_alive_ && !failed;
    std::ignore =
        co_await respond(problem(Status::kInternalServerError,
                                 "The server made a mistake. It is in its log; please tell its operator."));
  }
  if (phase_ != Phase::kAnswered || !keep_alive_) co_return false;
  co_return co_await drop_body();
}

std::string format_response_head(Status status, const Fields& fields, std::string_view date) {
  std::string out;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", code_of(status), reason_of(status));
  append_field(out, "Date", date);
  for (std::size_t i = 0; i < fields.size(); ++i) append_field(out, fields[i].name, fields[i].value);
  return out;
}

}  // namespace pabal::http
