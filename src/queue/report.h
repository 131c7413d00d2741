// The letters in which the queue tells senders what became of theirs: delivery status notifications (RFC
// 3461, 3464, 6522, and 6533 for letters with UTF-8 in their envelope). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "queue/letter.h"
#include "queue/task.h"

namespace pabal::queue {

enum class ReportKind : std::uint8_t {
  kFailed,
  kDelayed,
  kRelayed,    ///< to a host that makes no reports of its own
  kDelivered,  ///< into a mailbox here; its sender wanted to know
};

struct ReportFacts {
  ReportKind kind = ReportKind::kFailed;
  const Letter& letter;
  std::span<const Task::Ended> recipients;
  std::string_view host_name;  ///< ours
  /// Of kDelayed.
  std::optional<WallTime> will_retry_until = {};
  /// What comes back: the whole letter, or its header with the empty line.
  std::string_view returned;
  bool returned_whole = false;
};

/// Only for letters that have a sender.
std::string build_report(const ReportFacts& facts, const Clock& clock, Random& random);

/// Whether RET, and what kind of news it is, ask for the whole letter (RFC 3461 §4.3: only with a failure).
bool returns_whole(ReportKind kind, const Letter& letter, std::uint64_t max_bytes);

}  // namespace pabal::queue
