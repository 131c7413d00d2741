#include "mailbox/records.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal::mailbox {

namespace {

// The first byte of each record: its form. Log 1 was of an account that had an inbox and nothing else.
constexpr std::uint8_t kLetterForm = 1;
constexpr std::uint8_t kFolderForm = 1;
constexpr std::uint8_t kCheckpointForm = 1;
constexpr std::uint8_t kBeginningForm = 1;
constexpr std::size_t kBlobIdBytes = 32;

// Bits of a folder's traits.
constexpr std::uint8_t kSubscribedBit = 1;
constexpr std::uint8_t kPlaceholderBit = 2;
constexpr std::uint8_t kAclBit = 4;  // its access control list is behind the keywords

std::string key_of(std::string_view prefix, std::uint64_t number) {
  std::string key(prefix);
  append_u64(key, number);
  return key;
}

std::string key_of(std::string_view prefix, std::uint32_t number) {
  std::string key(prefix);
  append_u32(key, number);
  return key;
}

std::optional<std::uint64_t> parse_key(std::string_view prefix, std::string_view key) {
  Cursor cursor(key);
  if (!cursor.take_word(prefix)) return std::nullopt;
  const auto number = cursor.take_u64();
  if (!number || !cursor.at_end()) return std::nullopt;
  return number;
}

}  // namespace

std::uint32_t next_uid_validity(const Counters& counters, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const auto wanted = static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, UINT32_MAX));
  return std::max(wanted, counters.last_uid_validity + 1);
}

// ---- Keys

std::string log_key(ModSeq change, std::uint32_t part) {
  std::string key = key_of(kLogPrefix, change.value());
  if (part > 0) {
    key.push_back('/');
    append_u32(key, part);
  }
  return key;
}

std::string folder_key(FolderId folder) { return key_of(kFolderPrefix, folder.value()); }
std::string page_prefix(FolderId folder) { return key_of(kPagePrefix, folder.value()) + '/'; }
std::string page_key(FolderId folder, UidSet::Range uids) {
  std::string key = key_of(page_prefix(folder), uids.first.value());
  key.push_back('/');
  append_u32(key, uids.last.value());
  return key;
}
std::string letter_key(LetterId letter) { return key_of(kLetterPrefix, letter.value()); }
std::string facts_key(LetterId letter) { return key_of(kFactsPrefix, letter.value()); }

std::optional<LogKey> parse_log_key(std::string_view key) {
  Cursor cursor(key);
  if (!cursor.take_word(kLogPrefix)) return std::nullopt;
  const auto change = cursor.take_u64();
  if (!change) return std::nullopt;
  if (cursor.at_end()) return LogKey{ModSeq(*change), 0};
  if (!cursor.take_char('/')) return std::nullopt;
  const auto part = cursor.take_u32();
  if (!part || *part == 0 || !cursor.at_end()) return std::nullopt;
  return LogKey{ModSeq(*change), *part};
}

std::optional<FolderId> parse_folder_key(std::string_view key) {
  Cursor cursor(key);
  if (!cursor.take_word(kFolderPrefix)) return std::nullopt;
  const auto folder = cursor.take_u32();
  if (!folder || !cursor.at_end()) return std::nullopt;
  return FolderId(*folder);
}

std::optional<PageKey> parse_page_key(std::string_view key) {
  Cursor cursor(key);
  if (!cursor.take_word(kPagePrefix)) return std::nullopt;
  const auto folder = cursor.take_u32();
  if (!folder || !cursor.take_char('/')) return std::nullopt;
  const auto first = cursor.take_u32();
  if (!first || !cursor.take_char('/')) return std::nullopt;
  const auto last = cursor.take_u32();
  if (!last || !cursor.at_end()) return std::nullopt;
  return PageKey{FolderId(*folder), {Uid(*first), Uid(*last)}};
}

std::optional<LetterId> parse_letter_key(std::string_view key) {
  const auto number = parse_key(kLetterPrefix, key);
  return number ? std::optional(LetterId(*number)) : std::nullopt;
}

std::optional<LetterId> parse_facts_key(std::string_view key) {
  const auto number = parse_key(kFactsPrefix, key);
  return number ? std::optional(LetterId(*number)) : std::nullopt;
}

// ---- Letters

std::string encode(const LetterRecord& record) {
  RecordWriter out(kLetterForm, kBlobIdBytes + 40 + record.recipient.size() + record.preamble.size());
  out.bytes(record.blob.bytes()).number(record.blob_bytes).time(record.received);
  out.u64(record.journey.value()).text(record.recipient).text(record.preamble);
  return out.finish();
}

std::optional<LetterRecord> decode_letter_record(std::string_view bytes) {
  RecordReader in(bytes, kLetterForm);
  LetterRecord record;
  record.blob = in.kept(store::BlobId::from_bytes(in.bytes(kBlobIdBytes)));
  record.blob_bytes = in.number();
  record.received = in.time();
  record.journey = journey::JourneyId(in.u64());
  record.recipient = in.text();
  record.preamble = in.text();
  if (!in.complete()) return std::nullopt;
  return record;
}

// ---- Folders

std::string encode(const Folder& folder) {
  RecordWriter out(kFolderForm, 64 + folder.name.size());
  out.number(folder.id.value()).number(folder.parent.value()).text(folder.name);
  out.u8(static_cast<std::uint8_t>(folder.use));
  const auto entries = folder.acl.entries();
  out.u8(static_cast<std::uint8_t>((folder.subscribed ? kSubscribedBit : 0) |
                                   (folder.placeholder ? kPlaceholderBit : 0) |
                                   (entries.empty() ? 0 : kAclBit)));
  out.number(folder.uid_validity).number(folder.uid_next.value()).number(folder.mod_seq.value());
  out.number(folder.letters).number(folder.unseen).number(folder.deleted);
  out.number(folder.bytes).number(folder.deleted_bytes);
  out.number(folder.keywords.names().size());
  for (const std::string& keyword : folder.keywords.names()) out.text(keyword);
  if (!entries.empty()) out.number(entries.size());
  for (const AclEntry& entry : entries)
    out.number(entry.who.value()).flag(entry.negative).number(entry.rights.bits());
  return out.finish();
}

std::optional<Folder> decode_folder(std::string_view bytes) {
  RecordReader in(bytes, kFolderForm);
  Folder folder;
  folder.id = FolderId(in.number32());
  folder.parent = FolderId(in.number32());
  folder.name = in.text(kMaxFolderNameBytes);
  folder.use = in.one_of(SpecialUse::kNone, SpecialUse::kImportant);
  const std::uint8_t traits = in.u8(kSubscribedBit | kPlaceholderBit | kAclBit);
  folder.subscribed = (traits & kSubscribedBit) != 0;
  folder.placeholder = (traits & kPlaceholderBit) != 0;
  folder.uid_validity = in.number32();
  folder.uid_next = Uid(in.number32());
  folder.mod_seq = ModSeq(in.number());
  folder.letters = in.number32();
  folder.unseen = in.number32();
  folder.deleted = in.number32();
  folder.bytes = in.number();
  folder.deleted_bytes = in.number();
  std::vector<std::string> keywords(in.number(kMaxKeywords));
  for (std::string& keyword : keywords) keyword = in.text(kMaxKeywordBytes);
  folder.keywords = KeywordTable(std::move(keywords));
  if ((traits & kAclBit) != 0) {
    std::vector<AclEntry> entries(in.number(kMaxAclEntries));
    for (AclEntry& entry : entries) {
      entry.who = account::AccountId(in.number());
      entry.negative = in.flag();
      entry.rights = Rights::from_bits(in.number16(Rights::kAllBits));
    }
    if (entries.empty()) in.spoil();
    folder.acl = Acl(std::move(entries));
  }
  if (!in.complete()) return std::nullopt;
  return folder;
}

// ---- The checkpoint

std::string encode_beginning(WallTime when) { return RecordWriter(kBeginningForm).time(when).finish(); }

std::optional<WallTime> decode_beginning(std::string_view bytes) {
  RecordReader in(bytes, kBeginningForm);
  const WallTime when = in.time();
  return in.complete() ? std::optional(when) : std::nullopt;
}

std::string encode_checkpoint(ModSeq pages_hold) {
  return RecordWriter(kCheckpointForm).number(pages_hold.value()).finish();
}

std::optional<ModSeq> decode_checkpoint(std::string_view bytes) {
  RecordReader in(bytes, kCheckpointForm);
  const ModSeq pages_hold(in.number());
  if (!in.complete()) return std::nullopt;
  return pages_hold;
}

}  // namespace pabal::mailbox
