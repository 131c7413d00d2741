#include "imap/grammar/mailbox_name.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

constexpr std::string_view kInbox = "INBOX";

/// RFC 3501 §5.1.3: base64 with "," in place of "/", and without padding.
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

/// What stands as itself in modified UTF-7.
constexpr bool is_direct(char32_t c) { return c >= 0x20 && c <= 0x7e; }

class ShiftWriter {
 public:
  explicit ShiftWriter(std::string& out) : out_(out) {}

  void add(char32_t code_point) {
    if (!open_) out_.push_back('&');
    open_ = true;
    if (code_point >= 0x10000) {
      add_unit(0xd800 + ((code_point - 0x10000) >> 10));
      add_unit(0xdc00 + ((code_point - 0x10000) & 0x3ff));
    } else {
      add_unit(code_point);
    }
  }
  void close() {
    if (!open_) return;
    if (bits_ > 0) out_.push_back(kAlphabet[buffer_ << (6 - bits_) & 0x3f]);
    out_.push_back('-');
    open_ = false;
    bits_ = 0;
    buffer_ = 0;
  }

 private:
  void add_unit(char32_t unit) {
    buffer_ = buffer_ << 16 | static_cast<std::uint32_t>(unit);
    for (bits_ += 16; bits_ >= 6; bits_ -= 6) out_.push_back(kAlphabet[buffer_ >> (bits_ - 6) & 0x3f]);
    buffer_ &= (1u << bits_) - 1;
  }

  std::string& out_;
  bool open_ = false;
  std::uint32_t buffer_ = 0;
  unsigned bits_ = 0;  ///< of buffer_ that are not written yet; below 6
};

/// The base64 between "&" and "-" as UTF-8; false for what to_modified_utf7 does not write.
bool decode_shift(std::string_view base64, std::string& out) {
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  char32_t high = 0;
  for (const char c : base64) {
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    buffer = buffer << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 16) continue;
    bits -= 16;
    const char32_t unit = buffer >> bits;
    buffer &= (1u << bits) - 1;
    const bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if (is_low != (high != 0)) return false;
    if (is_low) {
      append_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
      high = 0;
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
      high = unit;
    } else if (is_direct(unit)) {
      return false;
    } else {
      append_utf8(out, unit);
    }
  }
  return high == 0 && bits < 6 && buffer == 0;
}

std::string_view first_level(std::string_view name, char separator) {
  return name.substr(0, name.find(separator));
}

}  // namespace

std::string to_modified_utf7(std::string_view name) {
  std::string out;
  ShiftWriter shift(out);
  while (!name.empty()) {
    const Utf8Step step = decode_utf8(name);
    const char32_t c = step.code_point.value_or(kReplacementCharacter);
    if (is_direct(c)) {
      shift.close();
      out.push_back(static_cast<char>(c));
      if (c == U'&') out.push_back('-');
    } else {
      shift.add(c);
    }
    name.remove_prefix(step.size);
  }
  shift.close();
  return out;
}

std::optional<std::string> from_modified_utf7(std::string_view name) {
  std::string out;
  bool after_shift = false;
  while (!name.empty()) {
    if (name.front() != '&') {
      if (!is_direct(static_cast<unsigned char>(name.front()))) return {};
      out.push_back(name.front());
      name.remove_prefix(1);
      after_shift = false;
      continue;
    }
    const std::size_t end = name.find('-');
    if (end == std::string_view::npos) return {};
    const std::string_view base64 = name.substr(1, end - 1);
    name.remove_prefix(end + 1);
    if (base64.empty()) {
      out.push_back('&');
      after_shift = false;
      continue;
    }
    if (after_shift || !decode_shift(base64, out)) return {};
    after_shift = true;
  }
  return out;
}

std::optional<std::string> from_modified_utf7_lenient(std::string_view name) {
  if (auto decoded = from_modified_utf7(name)) return decoded;
  return is_utf8(name) ? std::optional(std::string(name)) : std::nullopt;
}

bool is_inbox(std::string_view name) { return equals_ignoring_case(name, kInbox); }

void fold_inbox(std::string& name, char separator) {
  if (is_inbox(first_level(name, separator))) name.replace(0, kInbox.size(), kInbox);
}

Result<std::string> decode_mailbox_name(std::string text, const Dialect& dialect) {
  if (text.size() > kMaxMailboxNameBytes) {
    return fail(ErrorKind::kRefuse, "A mailbox name is longer than {} bytes", kMaxMailboxNameBytes);
  }
  if (!dialect.utf8) {
    auto decoded = dialect.leniency.broken_utf7 ? from_modified_utf7_lenient(text) : from_modified_utf7(text);
    if (!decoded)
      return fail(ErrorKind::kRefuse, "A mailbox name is not modified UTF-7 (RFC 3501, section 5.1.3)");
    text = *std::move(decoded);
  }
  if (!is_utf8(text)) return fail(ErrorKind::kRefuse, "A mailbox name is not UTF-8");
  if (std::ranges::any_of(text, is_control)) {
    return fail(ErrorKind::kRefuse, "A mailbox name holds a control character");
  }
  return text;
}

Result<std::string> parse_mailbox(Cursor& in, const Dialect& dialect) {
  const Cursor before = in;
  PABAL_TRY(std::string text, parse_astring(in, dialect, "a mailbox name"));
  PABAL_TRY(std::string name, decode_mailbox_name(std::move(text), dialect));
  if (name.ends_with(mailbox::kPathSeparator)) name.pop_back();
  if (name.empty()) return expected(before, "a mailbox name");
  fold_inbox(name);
  return name;
}

void append_mailbox(std::string& out, std::string_view name, const Dialect& dialect) {
  if (dialect.utf8 || is_ascii(name)) {
    if (dialect.utf8 || name.find('&') == std::string_view::npos) return append_astring(out, name, dialect);
  }
  append_astring(out, to_modified_utf7(name), dialect);
}

ListPattern::ListPattern(std::string_view reference, std::string_view pattern, char separator)
    : separator_(separator) {
  // A pattern from the root leaves the reference aside (RFC 9051 §6.3.9, the example of "/usr/doc/foo").
  const bool from_root = pattern.starts_with(separator);
  if (from_root) pattern.remove_prefix(1);
  std::string whole(from_root ? "" : reference);
  whole += pattern;
  for (const char c : whole) {
    const bool is_wildcard = c == '*' || c == '%';
    has_wildcard_ |= is_wildcard;
    const bool follows_wildcard = !pattern_.empty() && (pattern_.back() == '*' || pattern_.back() == '%');
    if (!is_wildcard || !follows_wildcard) {
      pattern_.push_back(c);
    } else if (c == '*') {
      pattern_.back() = '*';
    }
  }
}

bool ListPattern::matches(std::string_view name) const {
  const std::size_t any_case = is_inbox(first_level(name, separator_)) ? kInbox.size() : 0;
  const auto same = [&](std::size_t at, char wanted) {
    return name[at] == wanted || (at < any_case && to_upper(name[at]) == to_upper(wanted));
  };
  // reached[j]: the first j characters of the pattern can match the name as far as it was read. All ways are
  // followed at once, so that nothing is tried twice.
  const std::size_t size = pattern_.size();
  std::string reached(size + 1, 0);
  const auto pass_over_empty = [&] {
    for (std::size_t j = 0; j < size; ++j) {
      if (pattern_[j] == '*' || pattern_[j] == '%') reached[j + 1] |= reached[j];
    }
  };
  reached[0] = 1;
  pass_over_empty();
  for (std::size_t i = 0; i < name.size(); ++i) {
    bool alive = false;
    for (std::size_t j = size + 1; j-- > 0;) {
      bool now = false;
      if (j < size && reached[j]) now = pattern_[j] == '*' || (pattern_[j] == '%' && name[i] != separator_);
      if (!now && j > 0 && reached[j - 1]) {
        const char wanted = pattern_[j - 1];
        now = wanted != '*' && wanted != '%' && same(i, wanted);
      }
      reached[j] = now;
      alive |= now;
    }
    if (!alive) return false;
    pass_over_empty();
  }
  return reached[size] != 0;
}

}  // namespace pabal::imap
