// Message identifiers (RFC 5322 §3.6.4): Message-ID, In-Reply-To and References, which threads hang on.
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace pabal::message {

/// A References field grows by one id an answer. Above this the middle of the thread is left out, as
/// agents do that shorten it: the first ids name the thread, the last ones the letter that was answered.
inline constexpr std::size_t kMaxMessageIds = 500;

/// The ids without their angle brackets, in the order in which they stand. Words between them (`your letter
/// of Monday`, RFC 5322 §4.5.4) are left out; ids without brackets are taken when there are no others.
std::vector<std::string> parse_message_ids(std::string_view value);

/// A new id without brackets: time, 96 random bits, and the domain that vouches for it.
std::string make_message_id(Random& random, const Clock& clock, std::string_view domain);

}  // namespace pabal::message
