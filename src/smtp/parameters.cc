#include "smtp/parameters.h"

#include <array>

#include "account/address_grammar.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "smtp/xtext.h"

namespace pabal::smtp {
namespace {

using std::chrono::seconds;

/// esmtp-param (RFC 5321 §4.1.2).
struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

std::unexpected<Reply> bad_arguments(std::string text) {
  return std::unexpected(Reply{501, status::kBadArguments, std::move(text)});
}

/// RFC 5321 §4.1.1.11: 555 for parameters that are not recognised or not implemented.
std::unexpected<Reply> unknown_parameter(const Parameter& parameter) {
  return std::unexpected(
      Reply{555, status::kBadArguments, fmt::format("{} is not known here", parameter.keyword)});
}

std::optional<Parameter> parse_esmtp_param(Cursor& in) {
  const auto is_keyword_char = [](char c) { return is_alnum(c) || c == '-'; };
  // esmtp-value as RFC 6531 §3.3 widens it: anything but "=", space and controls.
  const auto is_value_char = [](char c) { return (is_vchar(c) && c != '=') || !is_ascii(c); };
  Parameter out;
  out.keyword = in.take_while(is_keyword_char);
  if (out.keyword.empty() || out.keyword.front() == '-') return {};
  if (in.take_char('=')) {
    out.value = in.take_while(is_value_char);
    if (out.value->empty() || !is_utf8(*out.value)) return {};
  }
  if (!in.at_end() && !in.peek_is(' ')) return {};
  return out;
}

/// Printable ASCII, as ENVID means once it is decoded (RFC 3461 §4.4).
std::optional<std::string> decode_printable(std::string_view xtext, std::size_t max_bytes) {
  auto decoded = from_xtext(xtext);
  if (!decoded || decoded->empty() || decoded->size() > max_bytes) return {};
  if (!std::ranges::all_of(*decoded, [](char c) { return is_vchar(c) || c == ' '; })) return {};
  return decoded;
}

bool read_size(std::string_view value, MailParameters& out) {
  constexpr std::size_t kMaxDigits = 20;  // RFC 1870 §4
  Cursor in(value);
  out.size_bytes = in.take_number();
  return out.size_bytes && in.at_end() && value.size() <= kMaxDigits;
}

bool read_ret(std::string_view value, MailParameters& out) {
  if (equals_ignoring_case(value, "FULL")) out.ret = Ret::kFull;
  if (equals_ignoring_case(value, "HDRS")) out.ret = Ret::kHeaders;
  return out.ret.has_value();
}

bool read_envid(std::string_view value, MailParameters& out) {
  out.envid = decode_printable(value, kMaxEnvidBytes);
  return out.envid.has_value();
}

bool read_submitter(std::string_view value, MailParameters& out) {
  out.submitter = from_xtext(value);
  if (!out.submitter) return false;
  if (*out.submitter == "<>") {
    out.submitter->clear();
    return true;
  }
  return account::Address::parse(*out.submitter).has_value();
}

/// future-release-integer: 1 to 9 digits, the first not 0 (RFC 4865 §4).
bool read_hold_for(std::string_view value, MailParameters& out) {
  constexpr std::uint64_t kMax = 999'999'999;
  Cursor in(value);
  const auto count = in.take_number(kMax);
  if (!count || *count == 0 || value.front() == '0' || !in.at_end() || out.hold) return false;
  out.hold = seconds(*count);
  return true;
}

std::optional<std::uint64_t> take_digits(Cursor& in, std::size_t count, std::uint64_t max) {
  const auto digits = in.take_bytes(count);
  if (!digits) return {};
  Cursor number(*digits);
  const auto value = number.take_number(max);
  return number.at_end() ? value : std::nullopt;
}

/// Internet-style-date-time-UTC: RFC 3339's date-time that ends in "Z" (RFC 4865 §4).
std::optional<WallTime> parse_utc_time(std::string_view text) {
  using namespace std::chrono;
  Cursor in(text);
  const auto year_number = take_digits(in, 4, 9999);
  if (!year_number || !in.take_char('-')) return {};
  const auto month_number = take_digits(in, 2, 12);
  if (!month_number || !in.take_char('-')) return {};
  const auto day_number = take_digits(in, 2, 31);
  if (!day_number || !in.take_word_ignoring_case("T")) return {};
  const auto hour = take_digits(in, 2, 23);
  if (!hour || !in.take_char(':')) return {};
  const auto minute = take_digits(in, 2, 59);
  if (!minute || !in.take_char(':')) return {};
  const auto second = take_digits(in, 2, 60);
  if (!second) return {};
  if (in.take_char('.') && in.take_while(is_digit).empty()) return {};
  if (!in.take_word_ignoring_case("Z") || !in.at_end()) return {};
  const year_month_day date{year(static_cast<int>(*year_number)), month(static_cast<unsigned>(*month_number)),
                            day(static_cast<unsigned>(*day_number))};
  if (!date.ok()) return {};
  return WallTime(sys_days(date) + hours(*hour) + minutes(*minute) + std::chrono::seconds(*second));
}

bool read_hold_until(std::string_view value, MailParameters& out) {
  const auto time = parse_utc_time(value);
  if (!time || out.hold) return false;
  out.hold = *time;
  return true;
}

/// BODY's values belong to two extensions.
Parsed<void> read_body(const Parameter& parameter, ExtensionSet offered, MailParameters& out) {
  const std::string_view value = parameter.value.value_or("");
  if (equals_ignoring_case(value, "7BIT")) out.body = Body::kSevenBit;
  if (equals_ignoring_case(value, "8BITMIME")) out.body = Body::kEightBitMime;
  if (equals_ignoring_case(value, "BINARYMIME") && offered.has(Extension::kBinaryMime)) {
    out.body = Body::kBinaryMime;
  }
  if (!out.body) return bad_arguments("BODY is not one of those offered");
  return {};
}

struct MailRow {
  std::string_view keyword;
  Extension extension;
  bool (*read_value)(std::string_view, MailParameters&);
};
constexpr std::array<MailRow, 6> kMailRows = {{
    {"SIZE", Extension::kSize, read_size},
    {"RET", Extension::kDsn, read_ret},
    {"ENVID", Extension::kDsn, read_envid},
    {"AUTH", Extension::kAuth, read_submitter},
    {"HOLDFOR", Extension::kFutureRelease, read_hold_for},
    {"HOLDUNTIL", Extension::kFutureRelease, read_hold_until},
}};

Parsed<void> read_flag(const Parameter& parameter, bool& flag) {
  if (parameter.value) return bad_arguments(fmt::format("{} takes no value", parameter.keyword));
  flag = true;
  return {};
}

Parsed<void> read_mail_parameter(const Parameter& parameter, ExtensionSet offered, MailParameters& out) {
  const auto is = [&](std::string_view keyword, Extension extension) {
    return equals_ignoring_case(parameter.keyword, keyword) && offered.has(extension);
  };
  if (is("BODY", Extension::kEightBitMime)) return read_body(parameter, offered, out);
  if (is("SMTPUTF8", Extension::kSmtpUtf8)) return read_flag(parameter, out.smtputf8);
  if (is("REQUIRETLS", Extension::kRequireTls)) return read_flag(parameter, out.require_tls);
  for (const MailRow& row : kMailRows) {
    if (!is(row.keyword, row.extension)) continue;
    if (!parameter.value || !row.read_value(*parameter.value, out)) {
      return bad_arguments(fmt::format("The value of {} makes no sense", row.keyword));
    }
    return {};
  }
  return unknown_parameter(parameter);
}

/// notify-esmtp-value: NEVER alone, or some of the others (RFC 3461 §4.1).
std::optional<Notify> parse_notify(std::string_view value) {
  if (equals_ignoring_case(value, "NEVER")) return Notify{};
  Notify out;
  Cursor in(value);
  do {
    const std::string_view word = in.take_while([](char c) { return c != ','; });
    bool* flag = equals_ignoring_case(word, "SUCCESS")   ? &out.success
                 : equals_ignoring_case(word, "FAILURE") ? &out.failure
                 : equals_ignoring_case(word, "DELAY")   ? &out.delay
                                                         : nullptr;
    if (flag == nullptr || *flag) return {};
    *flag = true;
  } while (in.take_char(','));
  return out;
}

std::optional<OriginalRecipient> parse_original_recipient(std::string_view value) {
  if (value.size() > kMaxOriginalRecipientBytes) return {};
  Cursor in(value);
  const std::string_view type = in.take_while([](char c) { return is_alnum(c) || c == '-'; });
  if (type.empty() || !in.take_char(';')) return {};
  OriginalRecipient out{to_lower(type), {}};
  // RFC 6533 §3: this type has an encoding of its own; what does not follow it is kept as it came.
  const bool is_utf8_type = out.type == "utf-8";
  if (is_utf8_type) {
    out.address = from_unitext(in.rest()).value_or(std::string(in.rest()));
    return out.address.empty() ? std::nullopt : std::optional(out);
  }
  auto address = from_xtext(in.rest());
  if (!address || address->empty() || !is_utf8(*address)) return {};
  if (!std::ranges::all_of(*address, [](char c) { return is_vchar(c) || c == ' ' || !is_ascii(c); }))
    return {};
  if (!is_ascii(*address)) {
    // Postfix (3.7) writes a UTF-8 address as `rfc822;+ED+99+8D...`, for which RFC 6533 §3 has the type
    // utf-8. From here on it has it, so that the next host can read it too.
    if (out.type != "rfc822") return {};
    out.type = "utf-8";
  }
  out.address = *std::move(address);
  return out;
}

Parsed<void> read_rcpt_parameter(const Parameter& parameter, ExtensionSet offered, RcptParameters& out) {
  const bool has_dsn = offered.has(Extension::kDsn);
  const std::string_view value = parameter.value.value_or("");
  if (has_dsn && equals_ignoring_case(parameter.keyword, "NOTIFY")) {
    out.notify = parse_notify(value);
    if (!out.notify) return bad_arguments("NOTIFY is NEVER, or SUCCESS, FAILURE and DELAY with commas");
    return {};
  }
  if (has_dsn && equals_ignoring_case(parameter.keyword, "ORCPT")) {
    out.original = parse_original_recipient(value);
    if (!out.original) return bad_arguments("The value of ORCPT makes no sense");
    return {};
  }
  return unknown_parameter(parameter);
}

/// No more parameters exist than are known; one said twice is refused, so this many are enough.
constexpr std::size_t kMaxParameters = 16;

template <class Read>
Parsed<void> parse_parameters(Cursor& in, Read&& read) {
  std::array<std::string_view, kMaxParameters> seen;
  std::size_t count = 0;
  const auto skip_spaces = [&] { in.take_while([](char c) { return c == ' '; }); };
  for (skip_spaces(); !in.at_end(); skip_spaces()) {
    const auto parameter = parse_esmtp_param(in);
    if (!parameter) return bad_arguments("The parameters after the address make no sense");
    const auto is_it = [&](std::string_view word) { return equals_ignoring_case(word, parameter->keyword); };
    if (count == seen.size() || std::any_of(seen.begin(), seen.begin() + count, is_it)) {
      return bad_arguments(fmt::format("{} was said twice", parameter->keyword));
    }
    seen[count++] = parameter->keyword;
    PABAL_TRY_VOID(read(*parameter));
  }
  return {};
}

std::string_view word_for(Body body) {
  switch (body) {
    case Body::kSevenBit:
      return "7BIT";
    case Body::kEightBitMime:
      return "8BITMIME";
    case Body::kBinaryMime:
      return "BINARYMIME";
  }
  return "";
}

}  // namespace

std::string format_utc_time(WallTime time) {
  const auto whole = std::chrono::floor<seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(whole);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(whole - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Parsed<MailCommand> parse_mail_command(std::string_view args, ExtensionSet offered,
                                       const Leniency& leniency) {
  Cursor in(args);
  if (!in.take_word_ignoring_case("FROM:")) {
    return bad_arguments("Write MAIL FROM:<alice@example.org>");
  }
  MailCommand out;
  PABAL_TRY(out.reverse_path, parse_reverse_path(in, leniency));
  PABAL_TRY_VOID(parse_parameters(in, [&](const Parameter& parameter) {
    return read_mail_parameter(parameter, offered, out.parameters);
  }));
  return out;
}

Parsed<RcptCommand> parse_rcpt_command(std::string_view args, ExtensionSet offered,
                                       const Leniency& leniency) {
  Cursor in(args);
  if (!in.take_word_ignoring_case("TO:")) return bad_arguments("Write RCPT TO:<bob@example.org>");
  RcptCommand out;
  PABAL_TRY(out.forward_path, parse_forward_path(in, leniency));
  PABAL_TRY_VOID(parse_parameters(in, [&](const Parameter& parameter) {
    return read_rcpt_parameter(parameter, offered, out.parameters);
  }));
  return out;
}

std::string format_mail_parameters(const MailParameters& parameters, ExtensionSet offered) {
  std::string out;
  if (parameters.size_bytes && offered.has(Extension::kSize)) {
    out += fmt::format(" SIZE={}", *parameters.size_bytes);
  }
  if (parameters.body && offered.has(Extension::kEightBitMime)) {
    out += fmt::format(" BODY={}", word_for(*parameters.body));
  }
  if (parameters.smtputf8 && offered.has(Extension::kSmtpUtf8)) out += " SMTPUTF8";
  if (offered.has(Extension::kDsn)) {
    if (parameters.ret) out += *parameters.ret == Ret::kFull ? " RET=FULL" : " RET=HDRS";
    if (parameters.envid) out += " ENVID=" + to_xtext(*parameters.envid);
  }
  if (parameters.submitter && offered.has(Extension::kAuth)) {
    out += " AUTH=" + (parameters.submitter->empty() ? "<>" : to_xtext(*parameters.submitter));
  }
  if (parameters.require_tls && offered.has(Extension::kRequireTls)) out += " REQUIRETLS";
  if (parameters.hold && offered.has(Extension::kFutureRelease)) {
    if (const auto* span = std::get_if<seconds>(&*parameters.hold)) {
      out += fmt::format(" HOLDFOR={}", span->count());
    } else {
      out += " HOLDUNTIL=" + format_utc_time(std::get<WallTime>(*parameters.hold));
    }
  }
  return out;
}

std::string format_rcpt_parameters(const RcptParameters& parameters, ExtensionSet offered, bool smtputf8) {
  std::string out;
  if (!offered.has(Extension::kDsn)) return out;
  if (parameters.notify) {
    out += " NOTIFY=";
    const std::size_t start = out.size();
    const auto add = [&](bool wanted, std::string_view word) {
      if (!wanted) return;
      if (out.size() > start) out += ',';
      out += word;
    };
    add(parameters.notify->never(), "NEVER");
    add(parameters.notify->success, "SUCCESS");
    add(parameters.notify->failure, "FAILURE");
    add(parameters.notify->delay, "DELAY");
  }
  if (parameters.original) {
    const OriginalRecipient& original = *parameters.original;
    const bool is_utf8_type = original.type == "utf-8";
    out += " ORCPT=" + original.type + ";" +
           (is_utf8_type ? to_unitext(original.address, smtputf8) : to_xtext(original.address));
  }
  return out;
}

}  // namespace pabal::smtp
