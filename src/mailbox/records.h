// What an account's partition holds, in bytes (docs/store-format-mailbox.md). An account is a log: every
// change is one record under its modification sequence, and whoever writes expects that the next one is not
// there yet. Folders and their pages are what the log has come to. A letter is a fact of its own, written
// once.
//
//     log/<ModSeq>                      LogRecord (log_ops.h)
//     log/<ModSeq>/<part>               what did not fit into one value
//     folder/<FolderId>                 Folder
//     page/<FolderId>/<first>/<last>    rows from one UID to another (page_codec.h)
//     beginning                         when the account was first looked at
//     checkpoint                        the ModSeq up to which all pages hold all
//     letter/<LetterId>                 LetterRecord
//     facts/<LetterId>                  facts.h
//
// Pure; any thread. Decoders refuse what they do not wholly understand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "journey/journey_id.h"
#include "mailbox/folder.h"
#include "mailbox/ids.h"
#include "mailbox/uid_set.h"
#include "store/blob.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// Where the account stands after a change; so the last record of the log is all that a writer must read.
struct Counters {
  ModSeq last_change{};
  LetterId last_letter{};
  FolderId last_folder{};
  std::uint32_t last_uid_validity = 0;  ///< the highest that a folder ever had
  std::uint64_t letters = 0;            ///< rows: a letter in two folders counts twice
  std::uint64_t used_bytes = 0;         ///< theirs; what quotas count
  bool operator==(const Counters&) const = default;
};

/// For a new folder: seconds of the clock, but never one that was given before (RFC 9051 §2.3.1.1).
std::uint32_t next_uid_validity(const Counters& counters, WallTime now);

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

inline constexpr std::string_view kLogPrefix = "log/";
inline constexpr std::string_view kFolderPrefix = "folder/";
inline constexpr std::string_view kPagePrefix = "page/";
inline constexpr std::string_view kLetterPrefix = "letter/";
inline constexpr std::string_view kFactsPrefix = "facts/";
inline constexpr std::string_view kCheckpointKey = "checkpoint";
inline constexpr std::string_view kBeginningKey = "beginning";

std::string log_key(ModSeq change, std::uint32_t part = 0);
std::string folder_key(FolderId folder);
/// By both ends: a page is written over only by one that speaks for the same UIDs, so that a checkpoint which
/// is killed has taken nothing away.
std::string page_key(FolderId folder, UidSet::Range uids);
/// Of all pages of a folder.
std::string page_prefix(FolderId folder);
std::string letter_key(LetterId letter);
std::string facts_key(LetterId letter);

struct LogKey {
  ModSeq change;
  std::uint32_t part = 0;  ///< 0: the first value of the record, which has its head
  bool operator==(const LogKey&) const = default;
};
std::optional<LogKey> parse_log_key(std::string_view key);
std::optional<FolderId> parse_folder_key(std::string_view key);
struct PageKey {
  FolderId folder;
  UidSet::Range uids;
  bool operator==(const PageKey&) const = default;
};
std::optional<PageKey> parse_page_key(std::string_view key);
std::optional<LetterId> parse_letter_key(std::string_view key);
std::optional<LetterId> parse_facts_key(std::string_view key);

std::string encode(const LetterRecord& record);
std::optional<LetterRecord> decode_letter_record(std::string_view bytes);
std::string encode(const Folder& folder);
std::optional<Folder> decode_folder(std::string_view bytes);
std::string encode_beginning(WallTime when);
std::optional<WallTime> decode_beginning(std::string_view bytes);
std::string encode_checkpoint(ModSeq pages_hold);
std::optional<ModSeq> decode_checkpoint(std::string_view bytes);

}  // namespace pabal::mailbox
