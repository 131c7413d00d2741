#include "queue/records.h"

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal::queue {
namespace {

using account::Address;
using account::DomainName;

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kEnvelopeVersion = 2;
constexpr std::uint8_t kTaskVersion = 2;
// A letter has no more recipients (smtp::ServerLimits), nor so many domains.
constexpr std::uint64_t kMaxWays = 100'000;
constexpr std::string_view kLetterPrefix = "q/letter/";
constexpr std::string_view kCountPrefix = "q/count/";
constexpr std::string_view kPlacePrefix = "q/place/";

// A time may lie before 1970 only as WallTime::min(); shifted, times sort as their bytes.
constexpr std::uint64_t kTimeShift = std::uint64_t{1} << 63;
std::uint64_t to_number(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count()) + kTimeShift;
}
WallTime to_time(std::uint64_t number) {
  return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(number - kTimeShift)));
}

// ---- Writing

void write_time(RecordWriter& out, WallTime time) { out.u64(to_number(time)); }

void write_recipient(RecordWriter& out, const Recipient& recipient) {
  out.text(recipient.address.local_part());
  out.maybe(recipient.parameters.notify, [&](const smtp::Notify& notify) {
    out.u8(static_cast<std::uint8_t>(notify.success | notify.failure << 1 | notify.delay << 2));
  });
  out.maybe(recipient.parameters.original,
            [&](const smtp::OriginalRecipient& original) { out.text(original.type).text(original.address); });
}

void write_status(RecordWriter& out, const smtp::EnhancedCode& code) {
  out.number(code.status_class).number(code.subject).number(code.detail);
}

void write_result(RecordWriter& out, const RecipientResult& result) {
  out.u8(static_cast<std::uint8_t>(result.fate)).number(static_cast<std::uint64_t>(result.reply.code));
  out.maybe(result.reply.enhanced, [&](const smtp::EnhancedCode& code) { write_status(out, code); });
  out.text(result.reply.text).text(result.host);
  write_status(out, result.status);
  out.text(result.reason).flag(result.may_have_arrived);
}

/// 0 none, 1 until a time, 2 for so many seconds.
void write_hold(RecordWriter& out, const std::optional<smtp::Hold>& hold) {
  if (!hold) {
    out.u8(0);
  } else if (const auto* until = std::get_if<WallTime>(&*hold)) {
    out.u8(1);
    write_time(out, *until);
  } else {
    out.u8(2).number(static_cast<std::uint64_t>(std::get<std::chrono::seconds>(*hold).count()));
  }
}

// ---- Reading

WallTime read_time(RecordReader& in) { return to_time(in.u64()); }

std::optional<Address> read_address(RecordReader& in, const DomainName& domain) {
  auto address = Address::from_parts(in.text(), domain);
  if (!in.sound() || !address) {
    in.spoil();
    return std::nullopt;
  }
  return *std::move(address);
}

std::optional<Recipient> read_recipient(RecordReader& in, const DomainName& domain) {
  auto address = read_address(in, domain);
  if (!address) return std::nullopt;
  Recipient recipient{.address = *std::move(address)};
  recipient.parameters.notify = in.maybe([&] {
    const std::uint8_t bits = in.u8(7);
    return smtp::Notify{.success = (bits & 1) != 0, .failure = (bits & 2) != 0, .delay = (bits & 4) != 0};
  });
  recipient.parameters.original = in.maybe([&] {
    std::string type = in.text();
    return smtp::OriginalRecipient{std::move(type), in.text()};
  });
  return recipient;
}

smtp::EnhancedCode read_status(RecordReader& in) {
  smtp::EnhancedCode code;
  code.status_class = in.number16();
  code.subject = in.number16();
  code.detail = in.number16();
  return code;
}

RecipientResult read_result(RecordReader& in) {
  RecipientResult result;
  result.fate = static_cast<RecipientResult::Fate>(in.u8(2));
  result.reply.code = static_cast<int>(in.number(999));
  result.reply.enhanced = in.maybe([&] { return read_status(in); });
  result.reply.text = in.text();
  result.host = in.text();
  result.status = read_status(in);
  result.reason = in.text();
  result.may_have_arrived = in.flag();
  return result;
}

std::optional<smtp::Hold> read_hold(RecordReader& in) {
  switch (in.u8(2)) {
    case 1:
      return read_time(in);
    case 2:
      return std::chrono::seconds(in.number32());
    default:
      return std::nullopt;
  }
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorKind::kCorrupt, "the queue's record of {} is damaged, or written by a newer version",
              what);
}

std::string key_of(std::string_view prefix, journey::JourneyId id) {
  std::string key(prefix);
  append_u64(key, id.value());
  return key;
}

void append_place(std::string& key, const LinePlace& place) {
  append_u64(key, to_number(place.due));
  append_u64(key, place.name.id.value());
  append_u16(key, place.name.part);
}

std::optional<std::string_view> take_domain(Cursor& in) {
  const std::string_view domain = in.take_while([](char c) { return c != '\0'; });
  if (domain.empty() || !in.take_char('\0')) return std::nullopt;
  return domain;
}

}  // namespace

std::string letter_key(journey::JourneyId id) { return key_of(kLetterPrefix, id); }
std::string count_key(journey::JourneyId id) { return key_of(kCountPrefix, id); }
std::string places_prefix(journey::JourneyId id) { return key_of(kPlacePrefix, id); }

// No domain holds a NUL, so none is the beginning of another.
std::string line_prefix(const DomainName& domain) {
  std::string key(kLinePrefix);
  key += domain.ascii();
  key += '\0';
  return key;
}

std::string line_key(const DomainName& domain, const LinePlace& place) {
  std::string key = line_prefix(domain);
  append_place(key, place);
  return key;
}

store::KeyRange line_range(const DomainName& domain, const LinePlace& from) {
  return {line_key(domain, from), store::KeyRange::with_prefix(line_prefix(domain)).end};
}

std::string place_key(const DomainName& domain, TaskName name) {
  std::string key = places_prefix(name.id);
  key += domain.ascii();
  key += '\0';
  append_u16(key, name.part);
  return key;
}

std::string suspension_key(const DomainName& domain) {
  return std::string(kSuspensionPrefix) + domain.ascii();
}

std::optional<LineKey> parse_line_key(std::string_view key) {
  Cursor in(key);
  if (!in.take_word(kLinePrefix)) return std::nullopt;
  const auto domain = take_domain(in);
  const auto due = in.take_u64();
  const auto id = in.take_u64();
  const auto part = in.take_u16();
  if (!domain || !due || !id || !part || !in.at_end()) return std::nullopt;
  return LineKey{*domain, {to_time(*due), {journey::JourneyId(*id), *part}}};
}

std::optional<PlaceKey> parse_place_key(std::string_view key) {
  Cursor in(key);
  if (!in.take_word(kPlacePrefix)) return std::nullopt;
  const auto id = in.take_u64();
  if (!id) return std::nullopt;
  const auto domain = take_domain(in);
  const auto part = in.take_u16();
  if (!domain || !part || !in.at_end()) return std::nullopt;
  return PlaceKey{*domain, {journey::JourneyId(*id), *part}};
}

std::string encode_envelope(const Letter& letter, std::span<const Envelope::Way> ways) {
  RecordWriter out(kEnvelopeVersion);
  out.maybe(letter.sender,
            [&](const Address& sender) { out.text(sender.local_part()).text(sender.domain().ascii()); });
  out.text(letter.message_id).text(letter.preamble);
  out.text(letter.blob.bytes()).number(letter.blob_bytes);
  out.u8(static_cast<std::uint8_t>(letter.body)).flag(letter.smtputf8);
  out.maybe(letter.ret, [&](smtp::Ret ret) { out.u8(static_cast<std::uint8_t>(ret)); });
  out.maybe(letter.envid, [&](const std::string& envid) { out.text(envid); });
  out.flag(letter.require_tls);
  write_time(out, letter.accepted);
  write_hold(out, letter.hold);
  out.maybe(letter.submitter, [&](account::AccountId id) { out.number(id.value()); });
  out.number(ways.size());
  for (const Envelope::Way& way : ways) out.text(way.domain.ascii()).number(way.tasks);
  return out.finish();
}

Result<Envelope> decode_envelope(journey::JourneyId id, std::string_view bytes) {
  RecordReader in(bytes, kEnvelopeVersion);
  Envelope envelope{.letter = {.id = id}};
  Letter& letter = envelope.letter;
  if (in.flag()) {
    std::string local_part = in.text();
    auto domain = DomainName::parse(in.text());
    auto sender = domain ? Address::from_parts(local_part, *std::move(domain))
                         : Result<Address>(fail(ErrorKind::kCorrupt, "no domain"));
    if (!sender) return damaged("a letter");
    letter.sender = *std::move(sender);
  }
  letter.message_id = in.text();
  letter.preamble = in.text();
  letter.blob = in.kept(store::BlobId::from_bytes(in.view()));
  letter.blob_bytes = in.number();
  letter.body = static_cast<smtp::Body>(in.u8(2));
  letter.smtputf8 = in.flag();
  letter.ret = in.maybe([&] { return static_cast<smtp::Ret>(in.u8(1)); });
  letter.envid = in.maybe([&] { return in.text(); });
  letter.require_tls = in.flag();
  letter.accepted = read_time(in);
  letter.hold = read_hold(in);
  letter.submitter = in.maybe([&] { return account::AccountId(in.number()); });
  for (std::uint64_t left = in.number(kMaxWays); left > 0 && in.sound(); --left) {
    auto domain = DomainName::parse(in.view());
    const std::uint16_t tasks = in.number16();
    if (domain) {
      envelope.ways.push_back({*std::move(domain), tasks});
    } else {
      in.spoil();
    }
  }
  if (!in.complete()) return damaged("a letter");
  return envelope;
}

std::string encode_task(const Task& task) {
  RecordWriter out(kTaskVersion);
  out.u64(task.submitter);
  write_time(out, task.since);
  write_time(out, task.next_try);
  out.number(task.attempts).flag(task.alone).flag(task.moved).flag(task.warned).flag(task.passed_over);
  out.number(task.recipients.size());
  for (const Recipient& recipient : task.recipients) write_recipient(out, recipient);
  out.flag(!task.last_results.empty());
  for (const RecipientResult& result : task.last_results) write_result(out, result);
  out.number(task.owed.size());
  for (const Task::Ended& ended : task.owed) {
    write_recipient(out, ended.recipient);
    write_result(out, ended.result);
  }
  return out.finish();
}

Result<Task> decode_task(const DomainName& domain, const LinePlace& place, std::string_view bytes) {
  RecordReader in(bytes, kTaskVersion);
  Task task{.name = place.name, .due = place.due};
  task.submitter = in.u64();
  task.since = read_time(in);
  task.next_try = read_time(in);
  task.attempts = in.number32();
  task.alone = in.flag();
  task.moved = in.flag();
  task.warned = in.flag();
  task.passed_over = in.flag();
  for (std::uint64_t left = in.number(kMaxErrandRecipients); left > 0 && in.sound(); --left) {
    if (auto recipient = read_recipient(in, domain)) task.recipients.push_back(*std::move(recipient));
  }
  if (in.flag()) {
    for (std::size_t i = 0; i < task.recipients.size(); ++i) task.last_results.push_back(read_result(in));
  }
  for (std::uint64_t left = in.number(kMaxErrandRecipients); left > 0 && in.sound(); --left) {
    if (auto recipient = read_recipient(in, domain))
      task.owed.push_back({*std::move(recipient), read_result(in)});
  }
  if (!in.complete()) return damaged("a task");
  return task;
}

std::string encode_time(WallTime time) { return RecordWriter(kVersion).u64(to_number(time)).finish(); }

Result<WallTime> decode_time(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  const WallTime time = read_time(in);
  if (!in.complete()) return damaged("a task's place");
  return time;
}

std::string encode_count(std::uint64_t count) { return RecordWriter(kVersion).number(count).finish(); }

Result<std::uint64_t> decode_count(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  const std::uint64_t count = in.number();
  if (!in.complete()) return damaged("a letter's tasks");
  return count;
}

std::string encode_suspension(const Suspension& suspension) {
  return RecordWriter(kVersion).u64(to_number(suspension.since)).text(suspension.reason).finish();
}

Result<Suspension> decode_suspension(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  Suspension suspension{.since = read_time(in)};
  suspension.reason = in.text();
  if (!in.complete()) return damaged("a suspended domain");
  return suspension;
}

}  // namespace pabal::queue
