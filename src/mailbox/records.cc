#include "mailbox/records.h"

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal::mailbox {

namespace {

// The first byte of each record: its form.
constexpr std::uint8_t kAppendedForm = 1;
constexpr std::uint8_t kLetterForm = 1;
constexpr std::size_t kBlobIdBytes = 32;

std::string numbered_key(std::string_view prefix, std::uint64_t number) {
  std::string key(prefix);
  append_u64(key, number);
  return key;
}

}  // namespace

std::string log_key(ModSeq change) { return numbered_key(kLogPrefix, change.value()); }
std::string letter_key(LetterId letter) { return numbered_key(kLetterPrefix, letter.value()); }

std::optional<LetterId> parse_letter_key(std::string_view key) {
  Cursor cursor(key);
  if (!cursor.take_word(kLetterPrefix)) return std::nullopt;
  const auto number = cursor.take_u64();
  if (!number || !cursor.at_end()) return std::nullopt;
  return LetterId(*number);
}

std::string encode(const LogRecord& record) {
  RecordWriter out(kAppendedForm);
  const Counters& after = record.after;
  out.number(after.last_change.value()).number(after.last_letter.value());
  out.number(after.uid_validity).number(after.last_uid.value());
  out.number(after.letters).number(after.used_bytes);
  out.time(record.at);
  const Appended& appended = record.appended;
  out.number(appended.folder.value()).number(appended.first_letter.value());
  out.number(appended.first_uid.value()).number(appended.count);
  return out.finish();
}

std::optional<LogRecord> decode_log_record(std::string_view bytes) {
  RecordReader in(bytes, kAppendedForm);
  LogRecord record;
  record.after.last_change = ModSeq(in.number());
  record.after.last_letter = LetterId(in.number());
  record.after.uid_validity = in.number32();
  record.after.last_uid = Uid(in.number32());
  record.after.letters = in.number();
  record.after.used_bytes = in.number();
  record.at = in.time();
  record.appended.folder = FolderId(in.number32());
  record.appended.first_letter = LetterId(in.number());
  record.appended.first_uid = Uid(in.number32());
  record.appended.count = in.number32();
  if (!in.complete()) return std::nullopt;
  return record;
}

std::string encode(const LetterRecord& record) {
  RecordWriter out(kLetterForm, kBlobIdBytes + 40 + record.recipient.size() + record.preamble.size());
  out.bytes(record.blob.bytes()).number(record.blob_bytes);
  out.time(record.received).u64(record.journey.value());
  out.text(record.recipient).text(record.preamble);
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

}  // namespace pabal::mailbox
