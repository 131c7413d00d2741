#include "http/detail/http2_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "base/cursor.h"

namespace pabal::http {
namespace {

/// What a field costs beside its bytes (RFC 9113 §6.5.2).
constexpr std::size_t kFieldOverhead = 32;

std::unexpected<Error> gone() { return fail(ErrorKind::kClose, "the client gave the request up"); }

}  // namespace

Http2Exchange::Http2Exchange(Session& session, Http2Wire& wire, std::int32_t stream)
    : session_(session), wire_(wire), stream_(stream), body_clock_(session), until_(&session.draining) {
  request_.version = Version::kHttp2;
  request_.target.clear();
  request_.tls = session.connection.encrypted();
  request_.peer = session.connection.peer();
  request_.local = session.connection.stream().local();
}

// --- The head.

void Http2Exchange::take_field(std::string_view name, std::string_view value) {
  head_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (head_bytes_ > session_.options.head.max_bytes ||
      request_.fields.size() >= session_.options.head.max_fields) {
    fault_ = {Status::kRequestHeaderFieldsTooLarge, "the header is too large"};
  } else if (name == ":method") {
    request_.method = method_of(value);
  } else if (name == ":path") {
    request_.target = value;
  } else if (name == ":authority") {
    request_.host = to_lower(value);
  } else if (name == "cookie") {
    // They may come apart, and belong together (RFC 9113 §8.2.3).
    if (!cookies_.empty()) cookies_ += "; ";
    cookies_ += value;
  } else if (!name.starts_with(':')) {
    request_.fields.add(name, value);
  }
}

// What the library did not check.
std::optional<Response> Http2Exchange::judge() {
  if (!cookies_.empty()) request_.fields.add("cookie", cookies_);
  if (request_.host.empty()) request_.host = to_lower(request_.find("host").value_or(""));
  if (const auto length = request_.find("content-length"))
    request_.content_length = Cursor(*length).take_number();
  request_.has_body = !body_ended_ || !received_.empty();
  continue_due_ =
      request_.has_body && equals_ignoring_case(request_.find("expect").value_or(""), "100-continue");
  if (request_.target.size() > session_.options.head.max_target_bytes)
    fault_ = {Status::kUriTooLong, "the target is too long"};
  // Of other schemes than http the library takes any path.
  const bool has_path = request_.target.starts_with('/') || request_.target == "*";
  if (!fault_ && (!has_path || !is_target(request_.target) || !is_authority(request_.host)))
    fault_ = {Status::kBadRequest, "its path or its host is none"};
  if (!fault_) return std::nullopt;
  ++session_.summary.faults;
  return problem(fault_->status, fmt::format("The request can't be read: {}.", fault_->why));
}

net::Task<void> Http2Exchange::serve() {
  const net::Context context = co_await net::current_context();
  gone_.emplace(context.cancel);
  if (closed_) {
    gone_->cancel();
  } else if (auto refusal = judge()) {
    std::ignore = co_await respond(*std::move(refusal));
  } else {
    co_await run_handler();
  }
  gone_.reset();
  served_ = true;
}

net::Task<void> Http2Exchange::run_handler() {
  const net::Context context = co_await net::current_context();
  ++session_.summary.requests;
  std::exception_ptr bug;
  try {
    co_await session_.handler.serve(*this).in({context.loop, &*gone_});
  } catch (...) {
    bug = std::current_exception();
  }
  if (!answered_ && !closed_) {
    std::ignore =
        co_await respond(problem(Status::kInternalServerError,
                                 "The server made a mistake. It is in its log; please tell its operator."));
  } else if (!output_ended_ && !closed_) {
    wire_.reset(stream_);
  }
  if (bug && !session_.options.on_bug) std::rethrow_exception(bug);
  if (bug) session_.options.on_bug(bug);
}

// --- The body that comes in.

net::Task<Result<std::string_view>> Http2Exchange::read_some() {
  if (!reading_.empty() && !closed_) wire_.consume(stream_, reading_.size());
  reading_.clear();
  if (std::exchange(continue_due_, false) && !answered_ && !body_ended_ && !closed_)
    wire_.send_head(stream_, Status::kContinue, {}, true);
  while (received_.empty()) {
    if (body_ended_) co_return std::string_view();
    if (closed_) co_return gone();
    const auto woken = co_await changed_.wait(body_clock_.begin_wait());
    body_clock_.end_wait(received_.size());
    if (!woken) co_return std::unexpected(woken.error());
  }
  reading_.swap(received_);
  co_return std::string_view(reading_);
}

void Http2Exchange::take_body(std::string_view piece) {
  received_ += piece;
  changed_.notify_all();
}

void Http2Exchange::end_body() {
  body_ended_ = true;
  changed_.notify_all();
}

// --- The answer.

net::Task<Result<void>> Http2Exchange::respond(Response response) {
  const std::string_view body = response.body.view();
  PABAL_CO_TRY_VOID(send_head({response.status, std::move(response.fields)}, body.size()));
  output_ended_ = true;
  if (drops_output_) co_return Result<void>();
  co_return co_await hand_over(body);
}

net::Task<Result<void>> Http2Exchange::begin(ResponseHead head, std::optional<std::uint64_t> size_bytes) {
  co_return send_head(std::move(head), size_bytes);
}

Result<void> Http2Exchange::send_head(ResponseHead head, std::optional<std::uint64_t> size_bytes) {
  PABAL_CHECK(!answered_);
  answered_ = true;
  session_.tell(request_, head.status);
  if (closed_) return gone();
  drops_output_ = is_bodiless(head.status) || request_.method == Method::kHead || size_bytes == 0;
  if (size_bytes && !is_bodiless(head.status)) head.fields.add("content-length", std::to_string(*size_bytes));
  session_.complete(head.fields);
  wire_.send_head(stream_, head.status, head.fields, !drops_output_);
  return {};
}

net::Task<Result<void>> Http2Exchange::write(std::string_view piece) {
  if (closed_) co_return gone();
  if (piece.empty() || drops_output_) co_return Result<void>();
  co_return co_await hand_over(piece);
}

net::Task<Result<void>> Http2Exchange::hand_over(std::string_view piece) {
  output_ = piece;
  wire_.resume(stream_);
  const net::Deadline deadline = session_.deadline_for(piece.size());
  while (!output_.empty() && !closed_) {
    if (const auto woken = co_await changed_.wait(deadline); !woken) {
      output_ = {};
      output_ended_ = false;  // the stream was not given whole
      if (!closed_) wire_.reset(stream_);
      co_return std::unexpected(woken.error());
    }
  }
  if (output_.empty()) co_return Result<void>();
  output_ = {};
  co_return gone();
}

net::Task<Result<void>> Http2Exchange::end() {
  if (closed_) co_return gone();
  output_ended_ = true;
  if (!drops_output_) wire_.resume(stream_);
  co_return Result<void>();
}

Http2Exchange::Output Http2Exchange::take_output(char* into, std::size_t capacity) {
  if (closed_) return {};  // half of a body must not end like a whole one
  const std::size_t size = std::min(capacity, output_.size());
  std::memcpy(into, output_.data(), size);
  output_.remove_prefix(size);
  if (size > 0 && output_.empty()) changed_.notify_all();
  return {size, output_.empty() && output_ended_};
}

void Http2Exchange::close(bool whole) {
  closed_ = true;
  changed_.notify_all();
  if (whole && output_ended_) return;
  until_.cancel();
  if (gone_) gone_->cancel();
}

}  // namespace pabal::http
