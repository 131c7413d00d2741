// What becomes of a task: after an attempt, when patience ends, or by an operator's word. Pure functions; any
// thread. They change the task and say what happened as journey events; storing both is the caller's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "journey/event.h"
#include "queue/courier.h"
#include "queue/retry_policy.h"
#include "queue/task.h"

namespace pabal::queue {

/// What is kept of a peer's words. With the bounds of addresses, kMaxErrandRecipients of these fit into one
/// record (store::kMaxValueBytes).
inline constexpr std::size_t kMaxKeptReplyBytes = 512;
inline constexpr std::size_t kMaxKeptHostBytes = 256;
inline constexpr std::size_t kMaxKeptReasonBytes = 512;

struct Outcome {
  std::vector<journey::Event> events = {};
  std::size_t relayed = 0;  ///< recipients
  std::size_t deferred = 0;
  std::size_t failed = 0;
};

/// After an attempt. `stopping`: it was cut short because we shut down, so a deferral says nothing about the
/// letter, and it is due again at once.
Outcome conclude(Task& task, const Letter& letter, ErrandReport report, const RetryPolicy& policy,
                 WallTime now, bool stopping, Random& random);

/// The domain takes nothing for now: tried again later without an attempt. Says so once, not each time.
Outcome pass_over(Task& task, const account::DomainName& domain, std::string_view trouble,
                  const RetryPolicy& policy, WallTime now, Random& random);

/// Patience has ended without an attempt just now.
Outcome give_up(Task& task, const Letter& letter, const RetryPolicy& policy, WallTime now);

/// An operator sends it back.
Outcome bounce(Task& task, const Letter& letter, std::string_view reason, WallTime now);

// RFC 3461 §4.1, and §5.2.2 for a sender that said nothing: failure and delay are told.
bool wants_failure(const Recipient& recipient);
bool wants_success(const Recipient& recipient);
bool wants_delay(const Recipient& recipient);

/// Whether the peer's reply is to be told beside the reason: if there is one, and the reason does not hold
/// it.
bool is_reply_untold(const RecipientResult& result);

/// "5 days", "4 hours", "10 minutes".
std::string in_words(std::chrono::seconds span);

}  // namespace pabal::queue
