#include "jmap/arguments.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::jmap {

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

Arguments::Arguments(const Json::Object& members) : members_(members), seen_(members.size()) {}

const Json* Arguments::find(std::string_view name) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].name != name) continue;
    seen_[i] = true;
    return &members_[i].value;
  }
  return nullptr;
}

bool Arguments::has(std::string_view name) const {
  return std::ranges::any_of(members_, [&](const Json::Member& member) { return member.name == name; });
}

const Json* Arguments::value(std::string_view name) {
  const Json* found = find(name);
  return found != nullptr && !found->is_null() ? found : nullptr;
}

void Arguments::spoil(std::string_view name, std::string why) {
  if (std::ranges::find(wrong_, name) != wrong_.end()) return;
  if (wrong_.empty()) why_ = fmt::format("{}: {}", name, why);
  wrong_.emplace_back(name);
}

std::optional<std::string_view> Arguments::text(std::string_view name) {
  const Json* found = value(name);
  if (found == nullptr) return {};
  if (const std::string* text = found->as_text()) return *text;
  spoil(name, "must be a string");
  return {};
}

std::string_view Arguments::required_text(std::string_view name) {
  const auto found = text(name);
  if (!found) spoil(name, "is missing");
  return found.value_or("");
}

std::optional<std::string_view> Arguments::id(std::string_view name) {
  const auto found = text(name);
  if (!found || is_id(*found)) return found;
  spoil(name, "must be an id");
  return {};
}

std::optional<bool> Arguments::boolean(std::string_view name) {
  const Json* found = value(name);
  if (found == nullptr) return {};
  if (const bool* flag = found->as_bool()) return *flag;
  spoil(name, "must be true or false");
  return {};
}

std::optional<std::int64_t> Arguments::integer(std::string_view name) {
  const Json* found = value(name);
  if (found == nullptr) return {};
  const std::int64_t* number = found->as_number();
  if (number != nullptr && *number <= kMaxInteger && *number >= -kMaxInteger) return *number;
  spoil(name, "must be an integer");
  return {};
}

std::optional<std::uint64_t> Arguments::unsigned_integer(std::string_view name) {
  const auto found = integer(name);
  if (!found) return {};
  if (*found >= 0) return static_cast<std::uint64_t>(*found);
  spoil(name, "must not be negative");
  return {};
}

std::optional<std::vector<std::string_view>> Arguments::texts(std::string_view name) {
  const Json::Array* items = array(name);
  if (items == nullptr) return {};
  std::vector<std::string_view> out;
  out.reserve(items->size());
  for (const Json& item : *items) {
    const std::string* text = item.as_text();
    if (text == nullptr) {
      spoil(name, "must be a list of strings");
      return {};
    }
    out.push_back(*text);
  }
  return out;
}

std::optional<std::vector<std::string_view>> Arguments::ids(std::string_view name) {
  auto out = texts(name);
  if (out && !std::ranges::all_of(
                 *out, [](std::string_view id) { return is_id(id.starts_with('#') ? id.substr(1) : id); })) {
    spoil(name, "must be a list of ids");
    return {};
  }
  return out;
}

const Json::Object* Arguments::object(std::string_view name) {
  const Json* found = value(name);
  if (found == nullptr) return nullptr;
  if (found->as_object() == nullptr) spoil(name, "must be an object");
  return found->as_object();
}

const Json::Array* Arguments::array(std::string_view name) {
  const Json* found = value(name);
  if (found == nullptr) return nullptr;
  if (found->as_array() == nullptr) spoil(name, "must be a list");
  return found->as_array();
}

std::optional<std::chrono::sys_seconds> Arguments::utc_date(std::string_view name) {
  const auto found = text(name);
  if (!found) return {};
  const auto date = parse_utc_date(*found);
  if (!date) spoil(name, "must be a date in UTC, as 2014-10-30T06:12:00Z");
  return date;
}

std::optional<std::vector<std::string_view>> Arguments::set(std::string_view name) {
  const Json::Object* members = object(name);
  if (members == nullptr) return {};
  std::vector<std::string_view> out;
  for (const Json::Member& member : *members) {
    const bool* flag = member.value.as_bool();
    if (flag == nullptr || !*flag) {
      spoil(name, "every value in it must be true");
      return {};
    }
    out.push_back(member.name);
  }
  return out;
}

bool Arguments::complete() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!seen_[i]) spoil(members_[i].name, "is not known here");
  }
  return wrong_.empty();
}

std::unexpected<MethodError> Arguments::error() const { return method_error("invalidArguments", why_); }

std::unexpected<SetError> Arguments::set_error() const {
  return std::unexpected(SetError{.type = "invalidProperties", .description = why_, .properties = wrong_});
}

namespace {

std::optional<int> take_digits(Cursor& in, std::size_t count) {
  const auto digits = in.take_bytes(count);
  if (!digits || !std::ranges::all_of(*digits, is_digit)) return {};
  int out = 0;
  for (const char c : *digits) out = out * 10 + (c - '0');
  return out;
}

}  // namespace

std::optional<ZonedDate> parse_zoned_date(std::string_view text) {
  Cursor in(text);
  const auto number = [&](std::size_t digits, char before) -> std::optional<int> {
    if (before != 0 && !in.take_char(before)) return {};
    return take_digits(in, digits);
  };
  const auto year = number(4, 0), month = number(2, '-'), day = number(2, '-');
  const auto hour = number(2, 'T'), minute = number(2, ':'), second = number(2, ':');
  if (!year || !month || !day || !hour || !minute || !second) return {};
  if (in.take_char('.') && in.take_while(is_digit).empty()) return {};
  std::chrono::minutes offset{0};
  if (!in.take_char('Z')) {
    const bool west = in.peek_is('-');
    if (!west && !in.peek_is('+')) return {};
    const auto hours = number(2, west ? '-' : '+'), minutes = number(2, ':');
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return {};
    offset = std::chrono::minutes(*hours * 60 + *minutes) * (west ? -1 : 1);
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!in.at_end() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
  const std::chrono::sys_seconds local = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                                         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return ZonedDate{local - offset, offset};
}

std::optional<std::chrono::sys_seconds> parse_utc_date(std::string_view text) {
  if (!text.ends_with('Z')) return {};
  const auto date = parse_zoned_date(text);
  return date ? std::optional(date->utc) : std::nullopt;
}

}  // namespace pabal::jmap
