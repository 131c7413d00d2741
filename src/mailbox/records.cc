#include "mailbox/records.h"

#include "base/cursor.h"

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

void append_time(std::string& out, WallTime time) {
  append_u64(out, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

// Reads fields one after the other; whatever is missing makes the whole unsound.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : cursor_(bytes) {}

  std::uint8_t u8() { return kept(cursor_.take_u8()); }
  std::uint64_t number() { return kept(cursor_.take_varint()); }
  std::uint32_t number32() {
    const std::uint64_t number = this->number();
    if (number > UINT32_MAX) sound_ = false;
    return static_cast<std::uint32_t>(number);
  }
  std::uint64_t u64() { return kept(cursor_.take_u64()); }
  WallTime time() { return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(u64()))); }
  std::string text() { return std::string(kept(cursor_.take_sized())); }
  store::BlobId blob() { return kept(store::BlobId::from_bytes(kept(cursor_.take_bytes(kBlobIdBytes)))); }

  bool complete() const { return sound_ && cursor_.at_end(); }

 private:
  template <class T>
  T kept(std::optional<T> value) {
    if (!value) sound_ = false;
    return value.value_or(T());
  }

  Cursor cursor_;
  bool sound_ = true;
};

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
  std::string out;
  append_u8(out, kAppendedForm);
  append_varint(out, record.after.last_change.value());
  append_varint(out, record.after.last_letter.value());
  append_varint(out, record.after.uid_validity);
  append_varint(out, record.after.last_uid.value());
  append_varint(out, record.after.letters);
  append_varint(out, record.after.used_bytes);
  append_time(out, record.at);
  append_varint(out, record.appended.folder.value());
  append_varint(out, record.appended.first_letter.value());
  append_varint(out, record.appended.first_uid.value());
  append_varint(out, record.appended.count);
  return out;
}

std::optional<LogRecord> decode_log_record(std::string_view bytes) {
  Fields in(bytes);
  if (in.u8() != kAppendedForm) return std::nullopt;
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
  std::string out;
  out.reserve(kBlobIdBytes + 40 + record.recipient.size() + record.preamble.size());
  append_u8(out, kLetterForm);
  out.append(record.blob.bytes());
  append_varint(out, record.blob_bytes);
  append_time(out, record.received);
  append_u64(out, record.journey.value());
  append_sized(out, record.recipient);
  append_sized(out, record.preamble);
  return out;
}

std::optional<LetterRecord> decode_letter_record(std::string_view bytes) {
  Fields in(bytes);
  if (in.u8() != kLetterForm) return std::nullopt;
  LetterRecord record;
  record.blob = in.blob();
  record.blob_bytes = in.number();
  record.received = in.time();
  record.journey = journey::JourneyId(in.u64());
  record.recipient = in.text();
  record.preamble = in.text();
  if (!in.complete()) return std::nullopt;
  return record;
}

}  // namespace pabal::mailbox
