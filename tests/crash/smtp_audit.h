// Compares what the crash test's ledger promised with what the world looks like when the queue has emptied
// itself. On the harness' loop, with the server up.
#pragma once

#include <vector>

#include "base/clock.h"
#include "net/task.h"
#include "smtp_ledger.h"
#include "smtp_server.h"

namespace pabal::crash {

struct AuditReport {
  std::uint64_t in_mailboxes = 0;   ///< copies
  std::uint64_t outside = 0;        ///< recipients who received a letter
  std::uint64_t sent_back = 0;      ///< recipients whom a report names
  std::uint64_t twice_outside = 0;  ///< recipients who received it again, since a kill hid that they had it
  std::size_t most_for_one_kill = 0;
  std::chrono::microseconds longest_before_kill{0};  ///< from such a receipt to the kill
  std::uint64_t journeys = 0;                        ///< looked at
};

/// `killed_at`: when each life of the server ended, from the first on. Faults go to the ledger.
net::Task<Result<AuditReport>> audit(const Server& server, Ledger& ledger,
                                     const std::vector<MonoTime>& killed_at);

}  // namespace pabal::crash
