#include "journey/detail/words.h"

#include <fmt/chrono.h>

#include "base/ascii.h"
#include "base/utf8.h"

namespace pabal::journey::detail {

namespace {

constexpr std::size_t kNamed = 3;  // of a list; the others are counted

}  // namespace

std::string harmless(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    const char32_t c = step.code_point.value_or(kReplacementCharacter);
    const std::string_view bytes = text.substr(0, step.size);
    text.remove_prefix(step.size);
    const bool direction = c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
                           (c >= 0x2066 && c <= 0x2069) || c == 0x061c;
    if (c == '\r' && text.starts_with('\n')) continue;
    if (c == '\n') {
      out += " / ";
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
      out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(c));
    } else if (direction) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
    } else if (!step.code_point) {
      append_utf8(out, kReplacementCharacter);
    } else {
      out += bytes;
    }
  }
  return out;
}

std::string clock_of(WallTime time) {
  const auto since_midnight = time - std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss parts(std::chrono::floor<std::chrono::milliseconds>(since_midnight));
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.hours().count(), parts.minutes().count(),
                     parts.seconds().count(), parts.subseconds().count());
}
std::string date_of(WallTime time) {
  return fmt::format("{:%Y-%m-%d}", std::chrono::floor<std::chrono::days>(time));
}
std::string moment_of(WallTime time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", std::chrono::floor<std::chrono::seconds>(time));
}

std::string duration_of(std::chrono::microseconds duration) {
  const auto seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(duration).count();
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 24 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {} h", minutes / (24 * 60), minutes / 60 % 24);
}

std::string moment_of(std::string_view rfc3339, WallTime at) {
  if (rfc3339.size() < 19 || rfc3339[10] != 'T') return harmless(rfc3339);
  const std::string_view date = rfc3339.substr(0, 10);
  const std::string clock = harmless(rfc3339.substr(11, 8));
  return date == date_of(at) ? clock : fmt::format("{} {}", harmless(date), clock);
}

std::string size_of(std::string_view bytes) {
  std::uint64_t count = 0;
  for (const char c : bytes) {
    if (!is_digit(c) || count > UINT64_MAX / 20) return harmless(bytes);
    count = count * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (count < 1024) return fmt::format("{} bytes", count);
  if (count < 1024 * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(count) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(count) / (1024 * 1024));
}

std::string list_of(const std::vector<std::string_view>& items) {
  std::string out;
  const std::size_t named = items.size() <= kNamed + 1 ? items.size() : kNamed;
  for (std::size_t i = 0; i < named; ++i) {
    const bool last = i + 1 == items.size();
    out += i == 0 ? "" : last ? " and " : ", ";
    out += harmless(items[i]);
  }
  if (named < items.size()) out += fmt::format(" and {} others", items.size() - named);
  return out;
}

std::string capitalized(std::string text) {
  if (!text.empty()) text[0] = to_upper(text[0]);
  return text;
}

// ---- What an event says.

std::string Said::get_or(FactName name, std::string_view otherwise) const {
  return has(name) ? get(name) : std::string(otherwise);
}

std::string Said::around(std::string_view before, FactName name, std::string_view after) const {
  return has(name) ? fmt::format("{}{}{}", before, get(name), after) : std::string();
}

std::string Said::list(FactName name) const {
  std::vector<std::string_view> values;
  for (const Fact& fact : event_.facts) {
    if (fact.name == name) values.push_back(fact.value);
  }
  return list_of(values);
}

std::string Said::recipients(std::string_view before) const {
  return has(FactName::kRecipient) ? fmt::format("{}{}", before, list(FactName::kRecipient)) : std::string();
}

std::string Said::sender(std::string_view before) const {
  const bool null_path = event_.find(FactName::kSender) == "<>";
  return null_path ? fmt::format("{}the null sender", before) : around(before, FactName::kSender);
}

std::string Said::whom(std::string_view before) const {
  return has(FactName::kRecipient) ? recipients(before) : around(before, FactName::kDomain);
}

std::string Said::by(std::string_view after) const {
  std::string who = get(FactName::kBy);
  if (who.contains(' ')) who = capitalized(std::move(who));
  return who.empty() ? who : who.append(after);
}

std::string Said::next_try(std::string_view before) const {
  if (!has(FactName::kNextTry)) return {};
  return fmt::format("{}{}", before, moment_of(event_.find(FactName::kNextTry), event_.at));
}

std::string Said::reasons() const {
  Text text;
  for (const Fact& fact : event_.facts) {
    if (fact.name == FactName::kReason) text.add(harmless(fact.value));
  }
  return text.take();
}

std::string Said::reasons_beside_reply() const {
  const std::string_view reply = event_.find(FactName::kReply);
  Text text;
  for (const Fact& fact : event_.facts) {
    const bool repeats = !reply.empty() && std::string_view(fact.value).contains(reply);
    if (fact.name == FactName::kReason && !repeats) text.add(harmless(fact.value));
  }
  return text.take();
}

std::string Said::reply_beside_reasons() const {
  if (reasons_beside_reply() != reasons()) return {};
  return around(get_or(FactName::kHost, "The other side") + " said: ", FactName::kReply);
}

}  // namespace pabal::journey::detail
