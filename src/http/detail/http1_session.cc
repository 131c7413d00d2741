#include <fmt/format.h>

#include <exception>
#include <utility>

#include "http/detail/http1_exchange.h"
#include "http/detail/session.h"
#include "http/grammar/date.h"

namespace pabal::http {
namespace {

class Http1Session {
 public:
  Http1Session(Session& session, net::Context context) : session_(session), context_(context) {}

  net::Task<void> run() {
    for (bool goes_on = true; goes_on;) {
      // Answers to requests that were sent ahead go out together; the last one goes out under its own
      // deadline, and not under the wait for the next request, which a stop may cut short.
      if (connection().buffered_input().empty() && !co_await flush()) break;
      if (session_.draining.cancelled() || !co_await wait_for_request()) break;
      goes_on = co_await serve_one();
    }
    std::ignore = co_await connection().finish(connection().loop().in(session_.options.deadlines.finish));
  }

 private:
  net::Connection& connection() { return session_.connection; }

  net::Task<bool> flush() {
    const auto flushed = co_await connection().flush(session_.deadline_for(net::kBlockBytes));
    if (!flushed) session_.summary.detail = flushed.error().detail;
    co_return flushed.has_value();
  }

  // Until the first byte of a request. Empty lines before it are forgiven (RFC 9112 §2.2).
  net::Task<bool> wait_for_request() {
    const net::Deadline deadline = connection().loop().in(session_.options.deadlines.idle);
    for (int empty_lines = 0; empty_lines < 8; ++empty_lines) {
      const auto bytes = co_await connection().peek(deadline).in({context_.loop, &session_.draining});
      if (!bytes) {
        session_.summary.detail = bytes.error().detail;
        co_return false;
      }
      if (!bytes->starts_with("\r")) co_return true;
      const auto line = co_await connection().peek(deadline, 2);
      if (!line || !line->starts_with("\r\n")) co_return line.has_value();
      connection().consume(2);
    }
    co_return true;
  }

  net::Task<bool> serve_one() {
    auto head = co_await read_head();
    if (!head) co_return false;
    ++session_.summary.requests;
    Http1Exchange exchange(session_, *std::move(head), context_);
    std::exception_ptr bug;
    try {
      co_await session_.handler.serve(exchange).in({context_.loop, &exchange.gone()});
    } catch (...) {
      bug = std::current_exception();
    }
    const bool goes_on = co_await exchange.finish(bug != nullptr);
    if (!bug) co_return goes_on;
    if (!session_.options.on_bug) std::rethrow_exception(bug);
    session_.options.on_bug(bug);
    co_return false;
  }

  // Nothing after a fault, which has been told then, or the end of the connection.
  net::Task<std::optional<RequestHead>> read_head() {
    const HeadLimits& limits = session_.options.head;
    const net::Deadline deadline = connection().loop().in(session_.options.deadlines.head);
    std::size_t searched = 0;
    for (std::string_view bytes = connection().buffered_input();;) {
      if (const auto end = find_head_end(bytes, searched); end && *end <= limits.max_bytes) {
        auto head = parse_request_head(bytes.substr(0, *end), limits);
        if (!head) co_return co_await refuse(head.error());
        connection().consume(*end);
        complete(head->request);
        co_return *std::move(head);
      }
      if (bytes.size() >= limits.max_bytes) co_return co_await refuse(too_long(bytes));
      const auto more = co_await connection().peek(deadline, bytes.size() + 1);
      if (!more && more.error().kind == ErrorKind::kDeadline)
        co_return co_await refuse({Status::kRequestTimeout, "the request's head did not come in time"});
      if (!more) {
        session_.summary.detail = more.error().detail;
        co_return std::nullopt;
      }
      bytes = *more;
    }
  }

  static HeadFault too_long(std::string_view bytes) {
    if (bytes.find('\n') == bytes.npos) return {Status::kUriTooLong, "the request line is too long"};
    return {Status::kRequestHeaderFieldsTooLarge, "the header is too large"};
  }

  void complete(Request& request) {
    request.tls = connection().encrypted();
    request.peer = connection().peer();
    request.local = connection().stream().local();
  }

  net::Task<std::optional<RequestHead>> refuse(HeadFault fault) {
    ++session_.summary.faults;
    session_.summary.detail = fault.why;
    const Response answer = problem(fault.status, fmt::format("The request can't be read: {}.", fault.why));
    std::string out =
        format_response_head(answer.status, answer.fields, http_date(connection().loop().clock().wall()));
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                   answer.body.view().size(), answer.body.view());
    std::ignore = co_await connection().write(out, session_.deadline_for(out.size()));
    session_.tell({}, fault.status);
    co_return std::nullopt;
  }

  Session& session_;
  const net::Context context_;
};

}  // namespace

net::Task<void> serve_http1(Session& session) {
  Http1Session http1(session, co_await net::current_context());
  co_await http1.run();
}

}  // namespace pabal::http
