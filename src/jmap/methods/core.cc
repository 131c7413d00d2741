// Core/echo (RFC 8620 §4).
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {

Answer run_echo(Call& call) {
  call.out().json(Json(call.arguments));
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
