#include "jmap/error.h"

namespace pabal::jmap {
namespace {

void write_names(JsonWriter& out, std::string_view key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  out.key(key).begin_array();
  for (const std::string& name : names) out.text(name);
  out.end_array();
}

}  // namespace

MethodError::MethodError(Error error) {
  switch (error.kind) {
    case ErrorKind::kRetryLater:
    case ErrorKind::kConflict:
    case ErrorKind::kDeadline:
    case ErrorKind::kCancelled:
      type = "serverUnavailable";
      description = "it can't be done now; try again later";
      return;
    case ErrorKind::kOverLimit:
      type = "requestTooLarge";
      description = std::move(error.detail);
      return;
    case ErrorKind::kRefuse:
    case ErrorKind::kClose:
    case ErrorKind::kCorrupt:
      break;
  }
  type = "serverFail";
  description = std::move(error.detail);
}

void MethodError::write(JsonWriter& out) const {
  out.begin_object().key("type").text(type);
  if (!description.empty()) out.key("description").text(description);
  out.end_object();
}

SetError SetError::of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kOverLimit:
      return {.type = "overQuota", .description = error.detail};
    case ErrorKind::kRefuse:
      return {.type = "forbidden", .description = error.detail};
    case ErrorKind::kRetryLater:
    case ErrorKind::kConflict:
    case ErrorKind::kDeadline:
    case ErrorKind::kCancelled:
      return {.type = "rateLimit", .description = "it can't be done now; try again later"};
    case ErrorKind::kClose:
    case ErrorKind::kCorrupt:
      break;
  }
  return {.type = "serverFail", .description = "what is stored can't be read; the operator must look"};
}

void SetError::write(JsonWriter& out) const {
  out.begin_object().key("type").text(type);
  if (!description.empty()) out.key("description").text(description);
  write_names(out, "properties", properties);
  if (!existing_id.empty()) out.key("existingId").text(existing_id);
  write_names(out, "notFound", not_found);
  write_names(out, "invalidRecipients", recipients);
  if (max) out.key(type == "tooManyRecipients" ? "maxRecipients" : "maxSize").number(*max);
  out.end_object();
}

}  // namespace pabal::jmap
