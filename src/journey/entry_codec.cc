// The bytes of an entry:
//
//     version u8, now 1
//     message-id, sender, count of recipients, recipients
//     count of events, and each:
//         stage u8, time u64
//         count of facts, and each: name u8, value
//         count of lines, and each: from u8, microseconds after the event, text
//
// Counts and small numbers are varints, texts a varint length and their bytes, u64 big-endian.
#include "journey/entry_codec.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/utf8.h"
#include "store/engine.h"

namespace pabal::journey {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kCut = "…";
constexpr std::size_t kNoteBytes = 64;  // of a fact that says what was left out
static_assert(kMaxEventsBytes + kMaxTermsBytes < store::kMaxValueBytes);

// ---- Sizes: upper bounds, so that one allocation is enough.

constexpr std::size_t kVarintBytes = 10;

std::size_t size_of(std::string_view text) { return text.size() + 3; }
std::size_t size_of(const Fact& fact) { return 1 + size_of(fact.value); }
std::size_t size_of(const WireLine& line) { return 1 + kVarintBytes + size_of(line.text); }
std::size_t size_of(const Event& event) {
  std::size_t bytes = 1 + sizeof(std::uint64_t) + 2 * kVarintBytes;
  for (const Fact& fact : event.facts) bytes += size_of(fact);
  for (const WireLine& line : event.dialogue) bytes += size_of(line);
  return bytes;
}
std::size_t size_of(const std::vector<Event>& events) {
  std::size_t bytes = 0;
  for (const Event& event : events) bytes += size_of(event);
  return bytes;
}
std::size_t size_of(const Terms& terms) {
  std::size_t bytes = size_of(terms.message_id) + size_of(terms.sender) + kVarintBytes;
  for (const std::string& recipient : terms.recipients) bytes += size_of(recipient);
  return bytes;
}

// ---- Bounds.

bool fits(const Event& event) {
  return event.facts.size() <= kMaxFacts && event.dialogue.size() <= kMaxWireLines &&
         std::ranges::all_of(event.facts, [](const Fact& f) { return f.value.size() <= kMaxFactBytes; }) &&
         std::ranges::all_of(event.dialogue,
                             [](const WireLine& line) { return line.text.size() <= kMaxWireLineBytes; });
}

bool fits(const Terms& terms) {
  const auto short_enough = [](std::string_view term) { return term.size() <= kMaxTermBytes; };
  return short_enough(terms.message_id) && short_enough(terms.sender) &&
         terms.recipients.size() <= kMaxTermRecipients &&
         std::ranges::all_of(terms.recipients, short_enough) && size_of(terms) <= kMaxTermsBytes;
}

bool fits(const std::vector<Event>& events) {
  return events.size() <= kMaxEvents && size_of(events) <= kMaxEventsBytes &&
         std::ranges::all_of(events, [](const Event& event) { return fits(event); });
}

std::string cut(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  return std::string(utf8_prefix(text, max_bytes - kCut.size())).append(kCut);
}

/// The beginning of the event that takes at most `room`; facts come before the dialogue.
Event cut(const Event& event, std::size_t room) {
  Event out{.at = event.at, .stage = event.stage};
  std::size_t bytes = size_of(out) + kNoteBytes;
  for (const Fact& fact : event.facts) {
    out.facts.push_back({fact.name, cut(fact.value, kMaxFactBytes)});
    bytes += size_of(out.facts.back());
    if (bytes <= room && out.facts.size() < kMaxFacts) continue;
    out.facts.pop_back();  // its place is for the word about it
    break;
  }
  for (const WireLine& line : event.dialogue) {
    if (out.dialogue.size() == kMaxWireLines) break;
    out.dialogue.push_back({line.after, line.from, cut(line.text, kMaxWireLineBytes)});
    bytes += size_of(out.dialogue.back());
    if (bytes <= room) continue;
    out.dialogue.pop_back();
    break;
  }
  const std::size_t facts = event.facts.size() - out.facts.size();
  const std::size_t lines = event.dialogue.size() - out.dialogue.size();
  const std::string left_out =
      fmt::format("{}{}{}", facts == 0 ? "" : fmt::format("{} fact{}", facts, facts == 1 ? "" : "s"),
                  facts != 0 && lines != 0 ? " and " : "",
                  lines == 0 ? "" : fmt::format("{} line{} of the dialogue", lines, lines == 1 ? "" : "s"));
  if (!left_out.empty()) out.add(FactName::kLeftOut, left_out);
  return out;
}

/// What happened first and what happened last say most, so the middle goes.
std::vector<Event> cut(const std::vector<Event>& events) {
  std::vector<Event> out;
  const std::size_t kept = std::min(events.size(), kMaxEvents);
  const std::size_t gone = events.size() - kept;
  const std::size_t share =
      size_of(events) <= kMaxEventsBytes ? kMaxEventsBytes : (kMaxEventsBytes - kNoteBytes) / kept;
  out.reserve(kept);
  for (std::size_t i = 0; i < kept; ++i) {
    const bool first_half = i < kept / 2;
    out.push_back(cut(events[first_half ? i : i + gone], share));
    if (gone == 0 || i != kept / 2) continue;
    out.back().facts.resize(std::min(out.back().facts.size(), kMaxFacts - 1));
    out.back().add(FactName::kLeftOut, fmt::format("{} events before this one", gone));
  }
  return out;
}

/// A term that was cut would find nothing, so it is left out whole.
Terms cut(const Terms& terms) {
  Terms out;
  if (terms.message_id.size() <= kMaxTermBytes) out.message_id = terms.message_id;
  if (terms.sender.size() <= kMaxTermBytes) out.sender = terms.sender;
  std::size_t bytes = size_of(out);
  for (const std::string& recipient : terms.recipients) {
    if (recipient.size() > kMaxTermBytes) continue;
    bytes += size_of(recipient);
    if (bytes > kMaxTermsBytes || out.recipients.size() == kMaxTermRecipients) break;
    out.recipients.push_back(recipient);
  }
  return out;
}

// ---- Writing.

std::uint64_t number_of(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

void append(std::string& out, const Event& event) {
  append_u8(out, static_cast<std::uint8_t>(event.stage));
  append_u64(out, number_of(event.at));
  append_varint(out, event.facts.size());
  for (const Fact& fact : event.facts) {
    append_u8(out, static_cast<std::uint8_t>(fact.name));
    append_sized(out, fact.value);
  }
  append_varint(out, event.dialogue.size());
  for (const WireLine& line : event.dialogue) {
    append_u8(out, static_cast<std::uint8_t>(line.from));
    append_varint(out, static_cast<std::uint64_t>(line.after.count()));
    append_sized(out, line.text);
  }
}

void append(std::string& out, const Terms& terms) {
  append_sized(out, terms.message_id);
  append_sized(out, terms.sender);
  append_varint(out, terms.recipients.size());
  for (const std::string& recipient : terms.recipients) append_sized(out, recipient);
}

std::string encode(const Terms& terms, const std::vector<Event>& events) {
  if (!fits(terms)) return encode(cut(terms), events);
  if (!fits(events)) return encode(terms, cut(events));
  std::string out;
  out.reserve(1 + size_of(terms) + kVarintBytes + size_of(events));
  append_u8(out, kVersion);
  append(out, terms);
  append_varint(out, events.size());
  for (const Event& event : events) append(out, event);
  return out;
}

// ---- Reading.

Terms read_terms(RecordReader& in) {
  Terms terms;
  terms.message_id = in.text(kMaxTermBytes);
  terms.sender = in.text(kMaxTermBytes);
  for (std::uint64_t left = in.number(kMaxTermRecipients); left > 0 && in.sound(); --left)
    terms.recipients.push_back(in.text(kMaxTermBytes));
  return terms;
}

Event read_event(RecordReader& in) {
  Event event;
  event.stage = in.one_of(Stage::kAccepted, Stage::kDeleted);
  event.at = in.time();
  for (std::uint64_t left = in.number(kMaxFacts); left > 0 && in.sound(); --left) {
    const FactName name = in.one_of(FactName::kClient, FactName::kLeftOut);
    event.facts.push_back({name, in.text(kMaxFactBytes)});
  }
  for (std::uint64_t left = in.number(kMaxWireLines); left > 0 && in.sound(); --left) {
    const WireLine::From from = in.one_of(WireLine::From::kUs, WireLine::From::kPeer);
    const std::chrono::microseconds after(in.number(INT64_MAX));
    event.dialogue.push_back({after, from, in.text(kMaxWireLineBytes)});
  }
  return event;
}

}  // namespace

std::string entry_key(JourneyId id, WallTime first_event, std::uint32_t counter) {
  std::string key;
  key.reserve(kEntryPrefix.size() + 2 * sizeof(std::uint64_t) + sizeof(std::uint32_t));
  key.append(kEntryPrefix);
  append_u64(key, id.value());
  append_u64(key, number_of(first_event));
  append_u32(key, counter);
  return key;
}

std::string entry_prefix(JourneyId id) {
  std::string prefix(kEntryPrefix);
  append_u64(prefix, id.value());
  return prefix;
}

std::optional<JourneyId> journey_of_key(std::string_view key) {
  Cursor in(key);
  if (!in.take_word(kEntryPrefix)) return std::nullopt;
  const auto id = in.take_u64();
  if (!id || !in.take_u64() || !in.take_u32() || !in.at_end()) return std::nullopt;
  return JourneyId(*id);
}

std::string encode_entry(const Entry& entry) { return encode(entry.terms, entry.events); }

Result<Entry> decode_entry(JourneyId id, std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  Entry entry{.id = id, .terms = read_terms(in)};
  for (std::uint64_t left = in.number(kMaxEvents); left > 0 && in.sound(); --left)
    entry.events.push_back(read_event(in));
  if (!in.complete()) {
    return fail(ErrorKind::kCorrupt, "an entry of the journey {} is damaged, or written by a newer version",
                id.to_string());
  }
  return entry;
}

}  // namespace pabal::journey
