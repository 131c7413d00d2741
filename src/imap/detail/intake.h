// Letters on their way in, by APPEND and REPLACE (RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 8508): from the
// connection, and with CATENATE from letters that are there already, to the store in pieces; each is read for
// its facts as it passes. Only what a command says between letters stands in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "account/quota.h"
#include "imap/detail/folders.h"
#include "imap/detail/session.h"
#include "imap/grammar/append_command.h"
#include "mailbox/change.h"

namespace pabal::imap::detail {

class Intake {
 public:
  /// Where the letters go, and under which bounds.
  struct Target {
    account::AccountId account;
    std::string owner;  ///< its address
    mailbox::FolderId folder;
    std::string path;  ///< for the journey
    account::QuotaLimit quota;
    mailbox::Flags kept;  ///< RFC 4314 §4: flags that the client may not set there are passed over
    std::size_t most_letters = 1;
    std::uint64_t freed_bytes = 0;  ///< by the same change (RFC 8508 §3.4)
  };

  Intake(Session& session, Target target);

  /// Nothing: all went well. A Reply: the client is refused, and what it still sends will be read away.
  using Taken = net::Task<Result<std::optional<Reply>>>;

  /// All letters of the command, from behind the mailbox's name to its end.
  Taken take(Cursor in);
  account::AccountId account() const { return target_.account; }
  std::vector<mailbox::Arrival> letters() && { return std::move(letters_); }

 private:
  /// The letter that is coming in.
  struct Incoming;

  Taken take_letter(Incoming& letter, AppendMessage::Form form);
  Taken take_parts(Incoming& letter);
  Taken take_literal(Incoming& letter);
  Taken take_bytes(Incoming& letter, LiteralHeader literal);
  Taken copy_from(Incoming& letter, const std::string& url);
  Taken check_room(const Incoming& letter, std::uint64_t more) const;
  Taken store(Incoming letter, AppendMessage message);
  net::Deadline next_deadline() const;

  Session& session_;
  const Target target_;
  const net::Deadline deadline_;
  Cursor in_;
  std::string text_;  ///< what `in_` looks at, behind the first literal
  std::uint64_t bytes_ = 0;
  std::vector<mailbox::Arrival> letters_;
};

/// The folder that a letter is for: a Reply where it can't be.
net::Task<Result<std::variant<Intake::Target, Reply>>> find_target(Session& session, std::string path);

}  // namespace pabal::imap::detail
