// What is answered: status, fields and a body, and the usual ones ready-made. Date, Content-Length and the
// framing are the server's matter. A value; one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "http/fields.h"
#include "http/status.h"

namespace pabal::http {

/// Bytes that are owned, shared, or outlive the server (embedded files).
class Body {
 public:
  Body() = default;
  Body(std::string bytes) : bytes_(std::move(bytes)) {}
  Body(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  static Body lasting(std::string_view bytes) {
    Body body;
    body.bytes_ = bytes;
    return body;
  }

  /// Good as long as the body stays where it is.
  std::string_view view() const;
  bool empty() const { return view().empty(); }

 private:
  std::variant<std::string, std::shared_ptr<const std::string>, std::string_view> bytes_;
};

/// The part before the body, also of a response that is streamed (Exchange::begin).
struct ResponseHead {
  Status status = Status::kOk;
  Fields fields = {};
};

struct Response {
  Status status = Status::kOk;
  Fields fields = {};
  Body body = {};
};

/// `application/json`, and `no-store`: what an API says is about somebody.
Response json_response(std::string json, Status status = Status::kOk);
/// `text/plain; charset=utf-8`.
Response text_response(std::string text, Status status = Status::kOk);
/// A new place; `location` goes into the header, so it holds no bytes of a peer that were not checked.
Response redirect(std::string_view location, Status status = Status::kPermanentRedirect);

/// An error for programs and for the people who read their logs: problem details (RFC 9457, the format that
/// RFC 8620 §3.6.1 uses too). `detail` says what happened and what to do; `type` is a URI where a standard
/// names one.
Response problem(Status status, std::string_view detail, std::string_view type = "about:blank");
/// The status that fits: 413 over a limit, 408 too late, 503 for our own troubles, which are not told.
Response problem_for(const Error& error);

}  // namespace pabal::http
