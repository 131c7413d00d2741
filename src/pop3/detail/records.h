// The records of the letters that a client fetches. Clients fetch one letter after the other: when one does,
// those that come next are read with it, so that the store is asked once for many.
//
// On the session's loop.
#pragma once

#include <vector>

#include "mailbox/mailboxes.h"
#include "pop3/detail/maildrop.h"

namespace pabal::pop3::detail {

class RecordsAhead {
 public:
  RecordsAhead(mailbox::Mailboxes& mailboxes, account::AccountId account)
      : mailboxes_(mailboxes), account_(account) {}

  /// Null: the letter is not stored any more. Good until the next call.
  net::Task<Result<const mailbox::LetterRecord*>> load(const Maildrop& maildrop, Position message);

 private:
  // A window is about 300 bytes a letter.
  static constexpr std::size_t kMaxWindow = 64;

  net::Task<Result<void>> fill(const Maildrop& maildrop);

  mailbox::Mailboxes& mailboxes_;
  const account::AccountId account_;
  Position first_ = 0;
  std::size_t window_ = 0;
  std::vector<std::optional<mailbox::LetterRecord>> records_;  // from first_ on
};

}  // namespace pabal::pop3::detail
