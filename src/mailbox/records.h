// What an account's partition holds, in bytes (docs/store-format-mailbox.md). An account is a log: every
// change is one record under its modification sequence, and whoever writes expects that the next one is not
// there yet. A letter is a fact of its own, written once.
//
//     log/<ModSeq>       LogRecord
//     letter/<LetterId>  LetterRecord
//
// Pure; any thread. Decoders refuse what they do not wholly understand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "journey/journey_id.h"
#include "mailbox/ids.h"
#include "store/blob.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// Where the account stands after a change; so the last record of the log is all that a writer must read.
struct Counters {
  ModSeq last_change;
  LetterId last_letter;
  std::uint32_t uid_validity = 0;  ///< of the inbox
  Uid last_uid;                    ///< in the inbox
  std::uint64_t letters = 0;
  std::uint64_t used_bytes = 0;  ///< what quotas count
  bool operator==(const Counters&) const = default;
};

/// Letters that came into a folder: the ids and UIDs from these on, one each.
struct Appended {
  FolderId folder = kInbox;
  LetterId first_letter;
  Uid first_uid;
  std::uint32_t count = 0;
  bool operator==(const Appended&) const = default;
};

struct LogRecord {
  Counters after;
  WallTime at = {};
  Appended appended;
  bool operator==(const LogRecord&) const = default;
};

/// A letter is its preamble, then its blob: what we put in front at delivery (Return-Path, Delivered-To,
/// Received), and what the client sent.
struct LetterRecord {
  store::BlobId blob;
  std::uint64_t blob_bytes = 0;
  WallTime received = {};
  journey::JourneyId journey;
  std::string recipient = {};  ///< the address of the account that the letter came to
  std::string preamble = {};

  std::uint64_t size_bytes() const { return preamble.size() + blob_bytes; }
  bool operator==(const LetterRecord&) const = default;
};

std::string log_key(ModSeq change);
std::string letter_key(LetterId letter);
std::optional<LetterId> parse_letter_key(std::string_view key);
inline constexpr std::string_view kLogPrefix = "log/";
inline constexpr std::string_view kLetterPrefix = "letter/";

std::string encode(const LogRecord& record);
std::optional<LogRecord> decode_log_record(std::string_view bytes);
std::string encode(const LetterRecord& record);
std::optional<LetterRecord> decode_letter_record(std::string_view bytes);

}  // namespace pabal::mailbox
