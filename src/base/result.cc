#include "base/result.h"

namespace pabal {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kRetryLater:
      return "retry_later";
    case ErrorKind::kRefuse:
      return "refuse";
    case ErrorKind::kClose:
      return "close";
    case ErrorKind::kDeadline:
      return "deadline";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kOverLimit:
      return "over_limit";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace pabal
