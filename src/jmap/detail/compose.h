// A letter made from an Email object that a client wants to create (RFC 8621 §4.6).
#pragma once

#include <string>

#include "jmap/detail/call.h"

namespace pabal::jmap::detail {

/// Looks at everything but mailboxIds, keywords and receivedAt, which `in` has read already, and asks
/// in.complete(). SetErrors: invalidProperties, blobNotFound, tooLarge.
net::Task<Settled<std::string>> compose_letter(Call& call, const Json& email, Arguments& in);

}  // namespace pabal::jmap::detail
