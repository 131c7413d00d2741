#include "journey/index_rows.h"

#include <fmt/chrono.h>

#include "base/cursor.h"
#include "base/digest.h"

namespace pabal::journey {

namespace {

constexpr std::string_view kDays = "journeys";
constexpr std::string_view kDayPrefix = "day/";
constexpr char kPlace = 'i';
// A day has some million letters at most: two texts with one hash are not to be expected in a century, and
// whoever makes two on purpose finds two letters of his own.
constexpr std::size_t kHashBytes = 8;

std::string date(Day day) { return fmt::format("{:%Y%m%d}", day); }

}  // namespace

store::PartitionId index_partition(Day day) {
  return store::PartitionId(fmt::format("{} {}", kDays, date(day)));
}

store::PartitionId days_partition() { return store::PartitionId(std::string(kDays)); }

std::string day_key(Day day) { return fmt::format("{}{}", kDayPrefix, date(day)); }

std::optional<Day> day_of_key(std::string_view key) {
  Cursor in(key);
  if (!in.take_word(kDayPrefix)) return std::nullopt;
  const auto number = in.take_number(99991231);
  if (!number || !in.at_end()) return std::nullopt;
  const auto n = static_cast<unsigned>(*number);
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(n / 10000)),
                                         std::chrono::month(n / 100 % 100), std::chrono::day(n % 100));
  return date.ok() ? std::optional(Day(date)) : std::nullopt;
}

store::KeyRange all_days() { return store::KeyRange::with_prefix(kDayPrefix); }

std::string place_prefix(JourneyId id) {
  std::string key;
  key.reserve(1 + sizeof(std::uint64_t) + store::kMaxPartitionBytes);
  key.push_back(kPlace);
  append_u64(key, id.value());
  return key;
}

std::string place_key(JourneyId id, const store::PartitionId& partition) {
  return place_prefix(id).append(partition.value());
}

std::optional<Place> place_of_key(std::string_view key) {
  Cursor in(key);
  if (!in.take_char(kPlace)) return std::nullopt;
  const auto id = in.take_u64();
  if (!id || in.at_end()) return std::nullopt;
  return Place{JourneyId(*id), store::PartitionId(std::string(in.rest()))};
}

std::string term_prefix(TermKind kind, std::string_view text) {
  const Sha256::Digest digest = Sha256::of(text);
  std::string key(1, static_cast<char>(kind));
  return key.append(digest.data(), kHashBytes);
}

std::string term_key(const std::string& prefix, JourneyId id) {
  std::string key = prefix;
  append_u64(key, id.value());
  return key;
}

std::optional<JourneyId> journey_of_row(std::string_view key) {
  Cursor in(key);
  const auto kind = in.take();
  if (!kind) return std::nullopt;
  if (*kind != kPlace && !in.take_bytes(kHashBytes)) return std::nullopt;
  const auto id = in.take_u64();
  return id ? std::optional(JourneyId(*id)) : std::nullopt;
}

store::KeyRange rows_between(const std::string& prefix, JourneyId first, JourneyId end) {
  return {term_key(prefix, first), term_key(prefix, end)};
}

std::string all_places_prefix() { return std::string(1, kPlace); }

std::vector<std::string> rows_of(JourneyId id, const Terms& terms, const store::PartitionId& partition) {
  std::vector<std::string> rows;
  rows.reserve(3 + terms.recipients.size());
  rows.push_back(place_key(id, partition));
  const auto add = [&](TermKind kind, const std::string& text) {
    if (!text.empty()) rows.push_back(term_key(term_prefix(kind, text), id));
  };
  add(TermKind::kMessageId, terms.message_id);
  add(TermKind::kSender, terms.sender);
  for (const std::string& recipient : terms.recipients) add(TermKind::kRecipient, recipient);
  return rows;
}

}  // namespace pabal::journey
