// Any bytes as commands, replies, parameters and letters: what is understood is written back and understood
// the same; what is decoded does not depend on how it was cut.
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/check.h"
#include "smtp/extensions.h"
#include "smtp/letter_codec.h"
#include "smtp/parameters.h"
#include "smtp/reply.h"
#include "smtp/xclient.h"
#include "smtp/xtext.h"

using namespace pabal::smtp;

namespace {

constexpr ExtensionSet kAll = {Extension::kSize,          Extension::kEightBitMime, Extension::kSmtpUtf8,
                               Extension::kBinaryMime,    Extension::kDsn,          Extension::kAuth,
                               Extension::kFutureRelease, Extension::kRequireTls};

void check_commands(std::string_view text) {
  if (const auto command = parse_mail_command(text, kAll, {})) {
    const auto& address = command->reverse_path.address;
    const std::string again = "FROM:<" + (address ? address->to_string() : "") + ">" +
                              format_mail_parameters(command->parameters, kAll);
    const auto parsed = parse_mail_command(again, kAll, {false, false, false});
    PABAL_CHECK(parsed.has_value());
    PABAL_CHECK(parsed->parameters == command->parameters);
    PABAL_CHECK(parsed->reverse_path.address == address);
  }
  if (const auto command = parse_rcpt_command(text, kAll, {})) {
    const auto& address = command->forward_path.address;
    for (const bool utf8 : {true, false}) {
      const std::string parameters = format_rcpt_parameters(command->parameters, kAll, utf8);
      PABAL_CHECK(utf8 || pabal::is_ascii(parameters));
      const std::string again = "TO:<" + (address ? address->to_string() : "Postmaster") + ">" + parameters;
      PABAL_CHECK(parse_rcpt_command(again, kAll, {false, false, false}).has_value());
    }
  }
  std::ignore = parse_helo_name(text, {});
  std::ignore = parse_xclient(text);
  if (const auto decoded = from_xtext(text)) PABAL_CHECK(from_xtext(to_xtext(*decoded)) == decoded);
  if (const auto decoded = from_unitext(text)) {
    PABAL_CHECK(from_unitext(to_unitext(*decoded, true)) == decoded);
    PABAL_CHECK(from_unitext(to_unitext(*decoded, false)) == decoded);
  }
}

void check_replies(std::string_view text) {
  ReplyParser parser;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const auto whole = parser.add_line(rest.substr(0, end));
    if (!whole) break;
    if (*whole) {
      const Reply reply = parser.take();
      PABAL_CHECK(reply.code >= 200 && reply.code <= 599);
      const std::string wire = format_reply(reply);
      PABAL_CHECK(wire.ends_with("\r\n"));
      std::ignore = parse_ehlo_reply(reply.text);
    }
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  std::ignore = parse_ehlo_reply(text);
}

std::string decode(std::string_view wire, Framing framing, BareLineEnds policy, std::size_t piece_bytes,
                   bool& ended) {
  LetterDecoder decoder(framing, policy);
  std::string out;
  while (!wire.empty() && !decoder.ended()) {
    std::string_view piece = wire.substr(0, piece_bytes);
    std::size_t used = 0;
    while (used < piece.size() && !decoder.ended()) {
      const CodecStep step = decoder.next(piece.substr(used));
      out += step.data;
      used += step.consumed;
    }
    wire.remove_prefix(used);
  }
  ended = decoder.ended();
  if (framing == Framing::kCounted) out += decoder.finish();
  return out;
}

void check_letters(std::string_view text) {
  for (const auto policy : {BareLineEnds::kRefuse, BareLineEnds::kNormalise}) {
    for (const auto framing : {Framing::kDotStuffed, Framing::kCounted}) {
      bool ended = false;
      bool ended_in_pieces = false;
      const std::string whole = decode(text, framing, policy, text.size() + 1, ended);
      PABAL_CHECK(decode(text, framing, policy, 1, ended_in_pieces) == whole);
      PABAL_CHECK(ended == ended_in_pieces);
      const bool has_end = text.starts_with(".\r\n") || text.find("\r\n.\r\n") != text.npos;
      if (framing == Framing::kDotStuffed) PABAL_CHECK(ended == has_end);
    }
  }
  LetterEncoder encoder(Framing::kDotStuffed, BareLineEnds::kNormalise);
  std::string wire;
  for (std::string_view rest = text; !rest.empty();) {
    const CodecStep step = encoder.next(rest);
    wire += step.data;
    rest.remove_prefix(step.consumed);
  }
  wire += encoder.finish();
  // The end is the only one, and nothing stands alone.
  PABAL_CHECK(wire == ".\r\n" || wire.find("\r\n.\r\n") == wire.size() - 5);
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (wire[i] == '\n') PABAL_CHECK(i > 0 && wire[i - 1] == '\r');
    if (wire[i] == '\r') PABAL_CHECK(i + 1 < wire.size() && wire[i + 1] == '\n');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_commands(text);
  check_replies(text);
  check_letters(text);
  return 0;
}
