// Letters of a list that are read before their turn comes, so that a FETCH of many waits for the disk once
// for several of them. What is in memory already costs nothing more than it would in its turn.
//
// Belongs to one FETCH, on its loop. What it was given outlives it; leave() is awaited before it goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mailbox/mailboxes.h"
#include "net/scope.h"
#include "net/signal.h"
#include "net/task.h"

namespace pabal::imap::detail {

class ReadAhead {
 public:
  /// Letters that are on their way at one time, and how much of them is held: a thousand sessions that do so
  /// take half a GiB, and a disk is busy with eight reads.
  static constexpr std::size_t kMaxLetters = 8;
  static constexpr std::uint64_t kMaxBytes = 512 * 1024;

  /// Of each letter its first bytes, up to `prefix_bytes`. Letters without a record are passed over.
  ReadAhead(mailbox::Mailboxes& mailboxes, net::Loop& loop, net::CancelSource* cancel,
            std::span<const std::optional<mailbox::LetterRecord>> letters, std::uint64_t prefix_bytes);

  /// The first bytes of the letter at this place, or the failure to read them; places ascending. Reads on
  /// behind it.
  net::Task<Result<std::string>> take(std::size_t place);
  /// Stops what is still on its way.
  net::Task<void> leave();

 private:
  struct Ahead {
    std::size_t place = 0;
    std::uint64_t size = 0;
    std::optional<Result<std::string>> bytes = {};
  };

  void fill();
  net::Task<void> read(Ahead& ahead);

  mailbox::Mailboxes& mailboxes_;
  const std::span<const std::optional<mailbox::LetterRecord>> letters_;
  const std::uint64_t prefix_bytes_;
  net::Scope scope_;
  net::Signal came_;
  std::deque<Ahead> ahead_;  // in order; entries stay where they are
  std::size_t next_ = 0;     // the letter behind them
  std::uint64_t held_bytes_ = 0;
};

}  // namespace pabal::imap::detail
