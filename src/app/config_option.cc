#include "app/config_option.h"

#include <algorithm>

#include "app/units.h"
#include "base/ascii.h"

namespace pabal::app {

namespace {

/// A kind whose value is a string in TOML, read by a function that says in words what is wrong.
template <class T, class Parse, class Print>
Kind<T> string_kind(std::string allowed, Parse parse, Print print) {
  return {std::move(allowed),
          [parse](const ConfigNode& node, ValueReader& reader) -> std::optional<T> {
            const auto* text = reader.expect<std::string>(node);
            if (text == nullptr) return std::nullopt;
            Result<T> value = parse(*text);
            if (!value) return reader.refuse(node, std::move(value).error().detail);
            return *std::move(value);
          },
          [print](const T& value) { return quote_toml(print(value)); }};
}

/// The same within a range; the bounds are given as they are shown.
template <class T, class Parse, class Print>
Kind<T> ranged_kind(std::string_view noun, std::string_view min_text, std::string_view max_text, Parse parse,
                    Print print) {
  const auto min = parse(min_text);
  const auto max = parse(max_text);
  PABAL_CHECK(min && max);
  const auto parse_in_range = [=, low = *min, high = *max](std::string_view text) -> Result<T> {
    PABAL_TRY(const T value, parse(text));
    if (value < low || value > high) return fail(ErrorKind::kRefuse, "`{}` is out of range", text);
    return value;
  };
  return string_kind<T>(fmt::format("{} from \"{}\" to \"{}\"", noun, min_text, max_text), parse_in_range,
                        print);
}

constexpr std::size_t kMaxLabel = 63;      // RFC 1035 §2.3.4
constexpr std::size_t kMaxHostName = 253;  // 255 octets on the wire

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; });
}

Result<std::string> parse_host_name_or_empty(std::string_view text) {
  if (text.empty()) return std::string();
  if (!is_ascii(text)) {
    return fail(ErrorKind::kRefuse, "`{}` is not ASCII; write an international name in its `xn--` form",
                text);
  }
  std::string_view rest = text;
  bool good = text.size() <= kMaxHostName;
  while (good && !rest.empty()) {
    const std::size_t dot = rest.find('.');
    good = is_label(rest.substr(0, dot)) && dot != rest.size() - 1;
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  }
  if (!good) return fail(ErrorKind::kRefuse, "`{}` is not a host name", text);
  return to_lower(text);
}

}  // namespace

Kind<bool> flag() {
  return {"true or false",
          [](const ConfigNode& node, ValueReader& reader) -> std::optional<bool> {
            const bool* value = reader.expect<bool>(node);
            return value != nullptr ? std::optional(*value) : std::nullopt;
          },
          [](const bool& value) { return std::string(value ? "true" : "false"); }};
}

Kind<std::string> text() {
  return string_kind<std::string>(
      "a text",
      [](std::string_view text) -> Result<std::string> {
        if (std::ranges::any_of(text, [](char c) { return is_control(c); })) {
          return fail(ErrorKind::kRefuse, "the text has control characters");
        }
        return std::string(text);
      },
      std::identity{});
}

Kind<std::filesystem::path> path() {
  return {"a path",
          [](const ConfigNode& node, ValueReader& reader) -> std::optional<std::filesystem::path> {
            const auto* text = reader.expect<std::string>(node);
            if (text == nullptr) return std::nullopt;
            if (text->contains('\0')) return reader.refuse(node, "a path has no NUL in it");
            if (text->empty()) return std::filesystem::path();
            return (reader.folder / *text).lexically_normal();
          },
          [](const std::filesystem::path& value) { return quote_toml(value.native()); }};
}

Kind<Duration> duration(std::string_view min, std::string_view max) {
  return ranged_kind<Duration>("a duration", min, max, parse_duration, print_duration);
}

Kind<std::uint64_t> size(std::string_view min, std::string_view max) {
  return ranged_kind<std::uint64_t>("a size", min, max, parse_size, print_size);
}

Kind<std::string> host_name_or_empty() {
  return string_kind<std::string>("a host name such as \"mail.example.org\"", parse_host_name_or_empty,
                                  std::identity{});
}

Kind<net::Endpoint> endpoint() {
  return string_kind<net::Endpoint>(
      "an address such as \"127.0.0.1:25\", \"[::]:25\" or \"unix:/run/pabal/x\"",
      [](std::string_view text) { return net::Endpoint::parse(text); },
      [](const net::Endpoint& value) { return value.to_string(); });
}

Kind<net::Network> network() {
  return string_kind<net::Network>(
      "a network such as \"192.0.2.0/24\" or \"2001:db8::/32\"",
      [](std::string_view text) { return net::Network::parse(text); },
      [](const net::Network& value) { return value.to_string(); });
}

Kind<net::IpAddress> ip_address() {
  return string_kind<net::IpAddress>(
      "an address such as \"192.0.2.1\" or \"2001:db8::1\"",
      [](std::string_view text) -> Result<net::IpAddress> {
        if (const auto address = net::IpAddress::parse(text)) return *address;
        return fail(ErrorKind::kRefuse, "`{}` is not an IP address", text);
      },
      [](const net::IpAddress& value) { return value.to_string(); });
}

Kind<std::string> word_of(std::vector<std::string> words) {
  std::string allowed;
  for (const std::string& word : words) allowed += fmt::format("{}\"{}\"", allowed.empty() ? "" : ", ", word);
  if (words.empty()) allowed = "nothing yet: this version has none";
  if (words.size() > 1) allowed = "one of " + allowed;
  return string_kind<std::string>(
      allowed,
      [words](std::string_view text) -> Result<std::string> {
        if (std::ranges::find(words, text) != words.end()) return std::string(text);
        return fail(ErrorKind::kRefuse, "`{}` is not one of the choices", text);
      },
      std::identity{});
}

Kind<std::int64_t> whole_number(std::int64_t min, std::int64_t max) {
  return {fmt::format("a whole number from {} to {}", min, max),
          [=](const ConfigNode& node, ValueReader& reader) -> std::optional<std::int64_t> {
            const auto* value = reader.expect<std::int64_t>(node);
            if (value == nullptr) return std::nullopt;
            if (*value < min || *value > max)
              return reader.refuse(node, fmt::format("{} is out of range", *value));
            return *value;
          },
          [](const std::int64_t& value) { return fmt::format("{}", value); }};
}

}  // namespace pabal::app
