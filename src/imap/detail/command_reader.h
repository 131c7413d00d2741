// Collects a command: its lines and literals as one piece of text, literals as they came on the wire, the
// last line's end taken off (RFC 9051 §2.2.1, §4.3, RFC 7888). The text of a message is not collected: the
// reader stops in front of it, and whoever stores it takes it from the connection.
//
// One loop's thread. A reader that rests holds nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/heap.h"
#include "imap/grammar/tokens.h"
#include "imap/options.h"
#include "net/connection.h"

namespace pabal::imap::detail {

struct CommandText {
  std::string_view text;                 ///< good until the next read
  std::optional<LiteralHeader> message;  ///< comes next; `text` ends in front of its announcement
};

class CommandReader {
 public:
  explicit CommandReader(net::Connection& connection) : connection_(connection) {}

  struct Patience {
    net::Deadline first_byte;
    std::chrono::nanoseconds rest;
  };
  /// The next command, of which something is there (Connection::wait_for_input).
  /// kOverLimit, kRefuse: it was too large, or a line was malformed. It has been read away: answer it under
  /// tag() and read on, unless lost().
  /// kClose, kDeadline, kCancelled: as the connection says.
  net::Task<Result<CommandText>> read(const CommandLimits& limits, Patience patience);

  /// Nothing comes for a while.
  void rest() { release(buffer_); }

  /// The command's tag as far as it is known; "*" when nobody can know.
  std::string_view tag() const { return tag_.empty() ? std::string_view("*") : tag_; }
  /// Nobody knows where the next command begins.
  bool lost() const { return lost_; }

  /// A message is announced and nobody took it yet.
  const std::optional<LiteralHeader>& message() const { return message_; }
  /// Lets the client send it, if it waits. Then exactly size_bytes come over the connection.
  net::Task<Result<void>> take_message(net::Deadline deadline);
  /// The command's text behind a message: it may announce another one. Fails as read() does.
  net::Task<Result<CommandText>> read_on(const CommandLimits& limits, net::Deadline deadline);
  /// Reads away what is still to come of the command, after it was refused. `left` bytes of a message that
  /// was begun come first.
  net::Task<Result<void>> skip_rest(const CommandLimits& limits, net::Deadline deadline,
                                    std::uint64_t left = 0);

 private:
  net::Task<Result<CommandText>> collect(const CommandLimits& limits, net::Deadline deadline);
  net::Task<Result<void>> take_literal(LiteralHeader literal, net::Deadline deadline);
  net::Task<Result<void>> drop(std::uint64_t size_bytes, net::Deadline deadline);
  void note_tag(std::string_view bytes);
  bool is_message(std::string_view text) const;

  net::Connection& connection_;
  std::string buffer_;
  std::string tag_;
  std::optional<LiteralHeader> message_;
  bool after_message_ = false;
  bool lost_ = false;
};

}  // namespace pabal::imap::detail
