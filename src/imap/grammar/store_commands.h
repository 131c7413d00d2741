// STORE, COPY, MOVE, EXPUNGE and their UID forms (RFC 9051 §6.4, RFC 4315, RFC 6851, RFC 7162 §3.1.3).
// Pure; any thread; see session_commands.h.
#pragma once

#include <optional>
#include <string>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/tokens.h"
#include "mailbox/ids.h"

namespace pabal::imap {

/// STORE and UID STORE.
struct StoreCommand {
  enum class How : std::uint8_t { kReplace, kAdd, kRemove };

  SequenceSet set;
  std::optional<mailbox::ModSeq> unchanged_since;
  How how = How::kReplace;
  bool silent = false;
  mailbox::FlagNames flags;
};
Result<StoreCommand> parse_store(Cursor& in, const Dialect& dialect);

/// COPY, MOVE, and their UID forms.
struct TransferCommand {
  SequenceSet set;
  std::string mailbox;
};
Result<TransferCommand> parse_transfer(Cursor& in, const Dialect& dialect);

/// UID EXPUNGE; EXPUNGE takes nothing.
Result<SequenceSet> parse_uid_expunge(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
