// Lets a letter into a partition once, however often its client sends it: a client that lost our 250 sends
// again (RFC 5321 §4.1.1.4, RFC 1047), and whoever gets the letter should not get it twice.
//
// The token is put in the batch that takes the letter, under today's date, and the batch expects it to be
// absent today and yesterday; so a second taking fails with kConflict, on whatever node and after whatever
// crash. Pure functions, and one that reads the store; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "journey/journey_id.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::journey {

/// 16 bytes, of a hash over whatever makes two sendings one.
using ResendToken = Strong<struct ResendTokenTag, std::string>;
ResendToken make_resend_token(std::string_view what);

/// The batch is refused with kConflict if a letter with this token came in within a day.
void guard(store::Batch& batch, const ResendToken& token, JourneyId id, WallTime now);
/// Which letter came with the token within a day: what a conflict is explained by.
net::Task<Result<std::optional<JourneyId>>> find_sent_before(store::Engine& engine,
                                                             store::PartitionId partition, ResendToken token,
                                                             WallTime now);
/// Where tokens lie that are too old to matter; a sweep erases the range.
store::KeyRange outdated_tokens(WallTime now);

}  // namespace pabal::journey
