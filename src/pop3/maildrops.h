// Who has which maildrop open: one session at a time (RFC 1939 §4), and how soon after the last login the
// next may come (RFC 2449 §6.5).
//
// A client that died without a word must not keep its owner out: whoever comes to a maildrop whose session
// heard nothing for a while takes it over, and that session ends. It deletes nothing then, since only QUIT
// does.
//
// In memory, since one process has the store. Where several nodes share one, each would keep its own list:
// two sessions of one maildrop on two nodes then do what a POP3 and an IMAP session do at the same time,
// which harms nothing. Numbers are each session's own, and a letter that is gone already can be deleted
// again.
//
// Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "account/ids.h"
#include "base/clock.h"
#include "base/lru_map.h"
#include "net/cancel.h"
#include "net/loop.h"

namespace pabal::pop3 {

struct MaildropOptions {
  bool shared = false;                      ///< any number of sessions at a time
  std::chrono::seconds takeover_after{60};  ///< of silence
  std::chrono::seconds login_delay{0};
};

class Maildrops {
 public:
  /// The clock outlives it.
  explicit Maildrops(const Clock& clock, MaildropOptions options = {});
  Maildrops(const Maildrops&) = delete;
  Maildrops& operator=(const Maildrops&) = delete;

  class Place;
  enum class Refusal { kInUse, kTooSoon };

  /// Opens the account's maildrop for the session that `session` ends, on `loop`. Both outlive the place.
  std::expected<Place, Refusal> open(account::AccountId account, net::Loop& loop, net::CancelSource& session);
  const MaildropOptions& options() const { return options_; }

 private:
  struct Holder;
  void leave(const Holder& holder);

  const Clock& clock_;
  const MaildropOptions options_;
  std::mutex mutex_;
  std::unordered_map<account::AccountId, std::shared_ptr<Holder>> open_;
  LruMap<account::AccountId, MonoTime> last_login_;
};

/// A session's hold on a maildrop, until it is destroyed; on the session's loop.
class Maildrops::Place {
 public:
  Place() = default;
  ~Place();
  Place(Place&&) noexcept = default;
  Place& operator=(Place&& other) noexcept;

  /// The client is alive.
  void touch();
  /// Another session has it now; this one is told to end.
  bool is_lost() const;

 private:
  friend class Maildrops;
  Place(Maildrops& maildrops, std::shared_ptr<Holder> holder)
      : maildrops_(&maildrops), holder_(std::move(holder)) {}

  Maildrops* maildrops_ = nullptr;
  std::shared_ptr<Holder> holder_;
};

}  // namespace pabal::pop3
