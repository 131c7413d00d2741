// What a failed attempt says about a recipient: the fate, a code of RFC 3463 and a sentence. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "queue/courier.h"
#include "smtp/client_session.h"
#include "smtp/failure.h"

namespace pabal::queue {

// Reasons fit into a fact of a journey (journey::kMaxFactBytes), however much a peer says.

/// `host` as people know it: "mx.hamburger.edu [192.0.2.7]:25".
RecipientResult relayed(smtp::Reply reply, const std::string& host, bool reports_itself);
RecipientResult result_of(const smtp::Failure& failure, const std::string& host);
/// Nobody answered the call there.
RecipientResult result_of_connecting(const Error& error, std::chrono::seconds waited,
                                     const std::string& host);
RecipientResult deferred(smtp::EnhancedCode status, std::string reason);
RecipientResult failed(smtp::EnhancedCode status, std::string reason);

}  // namespace pabal::queue
