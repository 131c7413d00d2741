// Status codes that we send (RFC 9110 §15), by the words of the standard.
#pragma once

#include <cstdint>
#include <string_view>

namespace pabal::http {

enum class Status : std::uint16_t {
  kContinue = 100,
  kOk = 200,
  kCreated = 201,
  kAccepted = 202,
  kNoContent = 204,
  kPartialContent = 206,
  kMovedPermanently = 301,
  kFound = 302,
  kSeeOther = 303,
  kNotModified = 304,
  kTemporaryRedirect = 307,
  kPermanentRedirect = 308,
  kBadRequest = 400,
  kUnauthorized = 401,
  kForbidden = 403,
  kNotFound = 404,
  kMethodNotAllowed = 405,
  kNotAcceptable = 406,
  kRequestTimeout = 408,
  kConflict = 409,
  kGone = 410,
  kLengthRequired = 411,
  kPreconditionFailed = 412,
  kContentTooLarge = 413,
  kUriTooLong = 414,
  kUnsupportedMediaType = 415,
  kRangeNotSatisfiable = 416,
  kExpectationFailed = 417,
  kMisdirectedRequest = 421,
  kUnprocessableContent = 422,
  kTooManyRequests = 429,
  kRequestHeaderFieldsTooLarge = 431,
  kInternalServerError = 500,
  kNotImplemented = 501,
  kBadGateway = 502,
  kServiceUnavailable = 503,
  kHttpVersionNotSupported = 505,
  kInsufficientStorage = 507,
};

constexpr unsigned code_of(Status status) { return static_cast<unsigned>(status); }
/// "Not Found".
std::string_view reason_of(Status status);
/// A response of this status never has a body (RFC 9110 §6.4.1).
constexpr bool is_bodiless(Status status) {
  return code_of(status) < 200 || status == Status::kNoContent || status == Status::kNotModified;
}

}  // namespace pabal::http
