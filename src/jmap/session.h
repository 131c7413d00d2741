// The Session object (RFC 8620 §2): what this server can do, and where. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "jmap/api.h"

namespace pabal::jmap {

inline constexpr std::string_view kCore = "urn:ietf:params:jmap:core";
inline constexpr std::string_view kMail = "urn:ietf:params:jmap:mail";
inline constexpr std::string_view kSubmission = "urn:ietf:params:jmap:submission";
inline constexpr std::string_view kVacation = "urn:ietf:params:jmap:vacationresponse";
inline constexpr std::string_view kBlob = "urn:ietf:params:jmap:blob";
inline constexpr std::string_view kQuota = "urn:ietf:params:jmap:quota";

/// A letter may wait so long before it is sent (FUTURERELEASE, RFC 4865).
inline constexpr std::uint64_t kMaxDelayedSendSeconds = 30 * 24 * 3600;

bool is_capability(std::string_view name);

/// `origin`: "https://mail.hamburger.edu", in front of every address.
std::string write_session(const Caller& caller, const ApiLimits& limits, bool sends, std::string_view origin);
/// The session of the same caller never changes but with the program.
std::string session_state(const Caller& caller);

}  // namespace pabal::jmap
