// NOTIFY (RFC 5465): what a session wants to hear of while it is silent, and how far it was told. Sessions
// that never said NOTIFY have none of it.
//
// What was told of an account is its list of folders as it stood then, which all sessions share; news are
// what is different in the next one. So thousands of folders cost a session one pointer, and a client that
// reads slowly is told less often, not later and later.
//
// A folder of somebody who began to share after the command was given is not watched yet.
// We do not know which of the changes are the client's own, and tell them all (RFC 5465 §5: SHOULD omit).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "imap/detail/folders.h"
#include "imap/grammar/notify_command.h"

namespace pabal::imap::detail {

class Notifier {
 public:
  /// Accounts whose folders one session watches: its own, and those who share with it.
  static constexpr std::size_t kMaxAccounts = 50;
  /// Names in one command.
  static constexpr std::size_t kMaxNames = 2'000;

  /// Looks up what the command means. kOverLimit: it is too much, NO [NOTIFICATIONOVERFLOW].
  static net::Task<Result<std::unique_ptr<Notifier>>> make(Session& session, NotifyCommand command);

  /// How the folders stand that the client wants to hear of (SET STATUS), and which it may not read.
  Step tell_state(Session& session, bool with_status);
  /// What changed since it was told last, in the selected folder and elsewhere.
  Step tell_news(Session& session, bool look_elsewhere);
  /// What the client wants to know of letters that came into the selected folder, from that position on.
  Step tell_arrivals(Session& session, std::size_t first) const;

  /// Of the selected folder nothing is told but what commands ask for.
  bool ignores_selected() const { return !selected_.message_new; }
  /// The client subscribed to another's folder, or takes that back.
  void set_subscribed(account::AccountId account, mailbox::FolderId folder, bool subscribed);
  /// Whose changes may be news.
  std::vector<account::AccountId> accounts(const Session& session) const;
  bool empty() const { return groups_.empty() && ignores_selected(); }

 private:
  struct Group {
    MailboxFilter filter;  ///< its names as folders are called here
    NotifyEvents events;
  };
  class Looking;

  NotifyEvents events_for(const Home& home, const std::string& path, const mailbox::Folder& folder) const;
  Step tell_news_of(Session& session, Home& home, bool look_elsewhere);
  Step tell_metadata_of(Session& session, const Home& home);
  bool wants_metadata() const { return wanted_.mailbox_metadata_change || wanted_.server_metadata_change; }

  NotifyEvents selected_;
  bool delays_expunges_ = false;
  std::vector<Group> groups_;
  NotifyEvents wanted_;      ///< of all groups together
  std::vector<Home> homes_;  ///< with the folders that were told
  std::map<account::AccountId, std::uint64_t> metadata_told_;
};

/// Tells news as they come, until the client says something.
Step wait_with_news(Session& session);

}  // namespace pabal::imap::detail
