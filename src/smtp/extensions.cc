#include "smtp/extensions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::smtp {
namespace {

constexpr std::array kKeywords = {
    std::pair{Extension::kPipelining, std::string_view("PIPELINING")},
    std::pair{Extension::kSize, std::string_view("SIZE")},
    std::pair{Extension::kEightBitMime, std::string_view("8BITMIME")},
    std::pair{Extension::kSmtpUtf8, std::string_view("SMTPUTF8")},
    std::pair{Extension::kChunking, std::string_view("CHUNKING")},
    std::pair{Extension::kBinaryMime, std::string_view("BINARYMIME")},
    std::pair{Extension::kDsn, std::string_view("DSN")},
    std::pair{Extension::kStartTls, std::string_view("STARTTLS")},
    std::pair{Extension::kAuth, std::string_view("AUTH")},
    std::pair{Extension::kEnhancedStatusCodes, std::string_view("ENHANCEDSTATUSCODES")},
    std::pair{Extension::kRequireTls, std::string_view("REQUIRETLS")},
    std::pair{Extension::kFutureRelease, std::string_view("FUTURERELEASE")},
    std::pair{Extension::kLimits, std::string_view("LIMITS")},
    std::pair{Extension::kHelp, std::string_view("HELP")},
    std::pair{Extension::kXclient, std::string_view("XCLIENT")},
};

bool is_word_char(char c) { return c != ' ' && c != '\t'; }

std::string_view next_word(Cursor& in) {
  in.take_while([](char c) { return !is_word_char(c); });
  return in.take_while(is_word_char);
}

void read_mechanisms(Cursor& in, PeerExtensions& out) {
  for (auto word = next_word(in); !word.empty(); word = next_word(in)) {
    std::string name(word);
    std::ranges::transform(name, name.begin(), [](char c) { return to_upper(c); });
    const bool is_new = std::ranges::find(out.mechanisms, name) == out.mechanisms.end();
    if (is_new && out.mechanisms.size() < kMaxPeerMechanisms) out.mechanisms.push_back(std::move(name));
  }
}

/// RFC 9422 §4: name=value; a limit of 0 would forbid all mail, and is passed over.
void read_limits(Cursor& in, PeerExtensions& out) {
  for (auto word = next_word(in); !word.empty(); word = next_word(in)) {
    Cursor limit(word);
    const auto name = limit.take_while([](char c) { return c != '='; });
    limit.take();
    const auto value = limit.take_number();
    if (!value || *value == 0 || !limit.at_end()) continue;
    if (equals_ignoring_case(name, "MAILMAX")) out.max_letters = value;
    if (equals_ignoring_case(name, "RCPTMAX")) out.max_recipients = value;
    if (equals_ignoring_case(name, "RCPTDOMAINMAX")) out.max_recipient_domains = value;
  }
}

void read_line(std::string_view line, PeerExtensions& out) {
  // "AUTH=PLAIN LOGIN" is how some servers of before RFC 4954 say it.
  constexpr std::string_view kOldAuth = "AUTH=";
  Cursor in(line);
  if (in.take_word_ignoring_case(kOldAuth)) {
    out.offered.add(Extension::kAuth);
    return read_mechanisms(in, out);
  }
  const auto extension = find_extension(next_word(in));
  if (!extension) return;
  out.offered.add(*extension);
  if (*extension == Extension::kAuth) read_mechanisms(in, out);
  if (*extension == Extension::kLimits) read_limits(in, out);
  if (*extension == Extension::kSize) {
    Cursor figure(next_word(in));
    const auto size = figure.take_number();
    if (size && *size > 0 && figure.at_end()) out.max_letter_bytes = size;
  }
}

}  // namespace

std::string_view keyword_of(Extension extension) {
  return std::ranges::find(kKeywords, extension, [](const auto& row) { return row.first; })->second;
}

std::optional<Extension> find_extension(std::string_view keyword) {
  for (const auto& [extension, name] : kKeywords) {
    if (equals_ignoring_case(keyword, name)) return extension;
  }
  return {};
}

PeerExtensions parse_ehlo_reply(std::string_view text) {
  PeerExtensions out;
  std::size_t end = text.find('\n');
  while (end != std::string_view::npos) {
    text.remove_prefix(end + 1);
    end = text.find('\n');
    read_line(text.substr(0, end), out);
  }
  return out;
}

}  // namespace pabal::smtp
