#include "http/response.h"

#include "base/json.h"
#include "base/utf8.h"

namespace pabal::http {

std::string_view Body::view() const {
  if (const auto* own = std::get_if<std::string>(&bytes_)) return *own;
  if (const auto* lasting = std::get_if<std::string_view>(&bytes_)) return *lasting;
  const auto& shared = std::get<std::shared_ptr<const std::string>>(bytes_);
  return shared ? std::string_view(*shared) : std::string_view();
}

Response json_response(std::string json, Status status) {
  return {status, {{"content-type", "application/json"}, {"cache-control", "no-store"}}, std::move(json)};
}

Response text_response(std::string text, Status status) {
  return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Response redirect(std::string_view location, Status status) { return {status, {{"location", location}}, {}}; }

Response problem(Status status, std::string_view detail, std::string_view type) {
  const Json json = Json::object({{"type", std::string(type)},
                                  {"status", code_of(status)},
                                  {"title", std::string(reason_of(status))},
                                  {"detail", repair_utf8(detail)}});
  return {status,
          {{"content-type", "application/problem+json"}, {"cache-control", "no-store"}},
          json.to_text() + "\n"};
}

Response problem_for(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kOverLimit:
      return problem(Status::kContentTooLarge, error.detail);
    case ErrorKind::kDeadline:
      return problem(Status::kRequestTimeout, "The request came too slowly.");
    case ErrorKind::kRefuse:
    case ErrorKind::kClose:
      return problem(Status::kBadRequest, error.detail);
    case ErrorKind::kConflict:
      return problem(Status::kConflict, error.detail);
    case ErrorKind::kRetryLater:
    case ErrorKind::kCorrupt:
    case ErrorKind::kCancelled:
      break;
  }
  return problem(Status::kServiceUnavailable, "The server can't do this at the moment; try again later.");
}

}  // namespace pabal::http
