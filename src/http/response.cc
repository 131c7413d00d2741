#include "http/response.h"

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
  std::string json = "{\"type\":";
  append_json_string(json, type);
  json += ",\"status\":" + std::to_string(code_of(status));
  json += ",\"title\":";
  append_json_string(json, reason_of(status));
  json += ",\"detail\":";
  append_json_string(json, detail);
  json += "}\n";
  return {
      status, {{"content-type", "application/problem+json"}, {"cache-control", "no-store"}}, std::move(json)};
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

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string repaired = is_utf8(text) ? std::string() : repair_utf8(text);
  out += '"';
  for (const char c : repaired.empty() ? text : std::string_view(repaired)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += {'\\', 'u', '0', '0', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 15]};
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace pabal::http
