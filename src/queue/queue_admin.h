// What an operator sees of the queue and does to it. Implemented by Queue; any loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "account/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "journey/journey_id.h"
#include "net/task.h"

namespace pabal::queue {

struct QueueFilter {
  std::optional<journey::JourneyId> id = {};
  /// Addresses as Address::key() has them; "<>" is the sender of reports.
  std::optional<std::string> sender = {};
  std::optional<std::string> recipient = {};
  std::optional<account::DomainName> domain = {};
  std::optional<std::chrono::seconds> older_than = {};
  bool held = false;  ///< only those that an operator holds
};

/// A letter's way to one domain.
struct QueueItem {
  journey::JourneyId id;
  std::string sender = {};  ///< "<>" for none
  std::string domain = {};  ///< in U-labels
  std::vector<std::string> recipients = {};
  std::string message_id = {};
  std::uint64_t size_bytes = 0;
  WallTime accepted = {};
  std::uint32_t attempts = 0;
  bool held = false;  ///< by an operator
  std::optional<WallTime> next_try =
      {};                   ///< nothing: not until an operator releases it or resumes the domain
  std::string reason = {};  ///< why it is still here
};

struct DomainStatistics {
  std::string domain = {};
  std::uint64_t letters = 0;
  std::uint64_t recipients = 0;
  std::uint64_t held = 0;
  std::optional<WallTime> oldest = {};
  std::optional<std::string> suspended = {};  ///< why
};

enum class QueueChange : std::uint8_t {
  kRetry,    ///< try now; not those that are held
  kHold,     ///< don't try until it is released
  kRelease,  ///< whoever held it: go on, with all its days before it
  kBounce,   ///< back to the sender, with a report
  kDelete,   ///< without a word to anybody; the journey says so
};

struct QueueChanged {
  std::size_t changed = 0;  ///< a letter's ways to its domains count each
  std::size_t busy = 0;     ///< on the wire at that moment, and left alone
};

class QueueItemSink {
 public:
  virtual ~QueueItemSink() = default;
  virtual net::Task<Result<void>> item(QueueItem item) = 0;
};

class QueueAdmin {
 public:
  virtual ~QueueAdmin() = default;

  /// Item by item, by domain and due time; a page of the store at a time.
  virtual net::Task<Result<void>> list(QueueFilter filter, QueueItemSink& sink) = 0;
  virtual net::Task<Result<std::vector<DomainStatistics>>> statistics() = 0;
  /// `reason` is told in the journey, and to the sender of what is bounced.
  virtual net::Task<Result<QueueChanged>> change(QueueFilter filter, QueueChange change,
                                                 std::string reason) = 0;
  /// No attempts to a domain until resume(), over restarts. Letters still grow old meanwhile.
  virtual net::Task<Result<void>> suspend(account::DomainName domain, std::string reason) = 0;
  /// kRefuse if it is not suspended.
  virtual net::Task<Result<void>> resume(account::DomainName domain) = 0;
};

}  // namespace pabal::queue
