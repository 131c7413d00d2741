#include "message/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/detail/bytes.h"
#include "message/downgrade.h"
#include "message/encoded_word.h"
#include "message/header.h"

namespace pabal::message {
namespace {

/// 96 random bits: no boundary is in a text by chance, nor can anybody guess it. `=_` is in no
/// quoted-printable or base64 body at all (RFC 2045 §6.7 recommends it).
std::string make_boundary(Random& random) { return "=_" + to_hex(random.bytes(12)); }

/// RFC 2046 §4.1.1: a text's lines end in CRLF.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out.push_back('\r');
    out.push_back(text[i]);
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) out.push_back('\n');
  }
  return out;
}

struct TextShape {
  std::size_t non_ascii = 0;
  bool nul = false;
  bool long_lines = false;
  bool from_lines = false;  ///< A line that mbox files would change.
};

TextShape shape_of(std::string_view text) {
  TextShape shape{
      .non_ascii = static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_ascii(c); })),
      .nul = detail::has_nul(text)};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    shape.long_lines = shape.long_lines || line.size() > kMaxLineBytes;
    shape.from_lines = shape.from_lines || line.starts_with("From ");
    text.remove_prefix(end);
  }
  return shape;
}

/// What a person can still read in the source is better, as long as it is not much longer.
TransferEncoding encoding_for_text(std::string_view text, bool allow_8bit) {
  const TextShape shape = shape_of(text);
  const bool lines_travel = !shape.nul && !shape.long_lines && !shape.from_lines;
  if (lines_travel && shape.non_ascii == 0) return TransferEncoding::k7Bit;
  if (lines_travel && allow_8bit) return TransferEncoding::k8Bit;
  return shape.nul || shape.non_ascii > text.size() / 4 ? TransferEncoding::kBase64
                                                        : TransferEncoding::kQuotedPrintable;
}

std::string encode(std::string_view content, TransferEncoding encoding) {
  std::string out;
  if (encoding == TransferEncoding::kBase64) {
    Base64Encoder encoder;
    encoder.encode(content, out);
    encoder.finish(out);
  } else if (encoding == TransferEncoding::kQuotedPrintable) {
    QuotedPrintableEncoder encoder(QuotedPrintableEncoder::Kind::kText);
    encoder.encode(content, out);
    encoder.finish(out);
  } else {
    out = content;
  }
  return out;
}

/// An entity as it will be written: its encoding and its encoded content are settled, its boundary is made.
struct Prepared {
  const Entity* entity;
  std::string subtype;
  std::string charset;
  std::string boundary;
  std::string content;
  TransferEncoding encoding = TransferEncoding::k7Bit;
  std::vector<Prepared> parts;
};

Prepared prepare(const Entity& entity, Random& random, const BuildOptions& options);

void prepare_multipart(Prepared& prepared, Random& random, const BuildOptions& options) {
  prepared.boundary = make_boundary(random);
  for (const Entity& part : prepared.entity->parts) {
    prepared.parts.push_back(prepare(part, random, options));
    // RFC 2045 §6.4: a multipart names what its parts need of the way.
    if (prepared.parts.back().encoding == TransferEncoding::k8Bit)
      prepared.encoding = TransferEncoding::k8Bit;
  }
}

void prepare_letter(Prepared& prepared, const BuildOptions& options) {
  prepared.content = prepared.entity->content;
  if (!detail::has_8bit(prepared.content)) return;
  const Structure structure = parse_structure(prepared.content);
  const DowngradePlan plan = plan_downgrade(structure);
  if (!plan.header_8bit && !options.allow_8bit && plan.possible()) {
    prepared.content = downgrade(prepared.content).value_or(prepared.content);
  }
  if (!detail::has_8bit(prepared.content)) return;
  if (options.allow_8bit) {
    prepared.subtype = plan.header_8bit ? "global" : "rfc822";
    prepared.encoding = TransferEncoding::k8Bit;
  } else {
    // RFC 6532 §3.7 lets message/global be encoded, which nothing else that carries a letter may.
    prepared.subtype = "global";
    prepared.encoding = TransferEncoding::kBase64;
    prepared.content = encode(prepared.content, prepared.encoding);
  }
}

void prepare_text(Prepared& prepared, const BuildOptions& options) {
  const std::string& content = prepared.entity->content;
  const std::string text = with_crlf(is_utf8(content) ? content : to_utf8(content, "utf-8"));
  if (prepared.entity->type == "text") prepared.charset = detail::has_8bit(text) ? "utf-8" : "us-ascii";
  prepared.encoding = encoding_for_text(text, options.allow_8bit);
  prepared.content = encode(text, prepared.encoding);
}

Prepared prepare(const Entity& entity, Random& random, const BuildOptions& options) {
  Prepared prepared{.entity = &entity,
                    .subtype = entity.subtype,
                    .charset = {},
                    .boundary = {},
                    .content = {},
                    .parts = {}};
  if (entity.type == "multipart") {
    prepare_multipart(prepared, random, options);
  } else if (entity.external) {
    prepared.encoding = entity.external_encoding;
  } else if (entity.type == "message" && (entity.subtype == "rfc822" || entity.subtype == "global")) {
    prepare_letter(prepared, options);
  } else if (entity.type == "text" || entity.type == "message") {
    prepare_text(prepared, options);
  } else {
    prepared.encoding = TransferEncoding::kBase64;
    prepared.content = encode(entity.content, prepared.encoding);
  }
  return prepared;
}

void write_part_header(const Prepared& prepared, const BuildOptions& options, std::string& out) {
  const Entity& entity = *prepared.entity;
  HeaderWriter header(options.script);
  Parameters parameters = entity.parameters;
  std::erase_if(parameters, [](const Parameter& p) { return p.name == "boundary" || p.name == "charset"; });
  if (!prepared.charset.empty()) parameters.push_back({.name = "charset", .value = prepared.charset});
  if (!prepared.boundary.empty()) parameters.push_back({.name = "boundary", .value = prepared.boundary});
  if (!entity.file_name.empty() && !find_parameter(parameters, "name")) {
    // For readers that know no RFC 2231: the old parameter, as an encoded word, which they all understand.
    const bool ascii = is_ascii(entity.file_name);
    parameters.push_back(
        {.name = "name",
         .value = ascii ? entity.file_name : encode_words(entity.file_name, EncodedWordPlace::kPhrase)});
  }
  header.add_parameterised("Content-Type", fmt::format("{}/{}", entity.type, prepared.subtype), parameters);
  if (prepared.encoding != TransferEncoding::k7Bit) {
    header.add_structured("Content-Transfer-Encoding", to_string(prepared.encoding));
  }
  if (!entity.disposition.empty() || !entity.file_name.empty()) {
    Parameters file;
    if (!entity.file_name.empty()) file.push_back({.name = "filename", .value = entity.file_name});
    header.add_parameterised("Content-Disposition",
                             entity.disposition.empty() ? "attachment" : entity.disposition, file);
  }
  if (!entity.content_id.empty()) header.add_structured("Content-ID", fmt::format("<{}>", entity.content_id));
  if (!entity.description.empty()) header.add_text("Content-Description", entity.description);
  out.append(header.text()).append("\r\n");
}

void write_body(const Prepared& prepared, const BuildOptions& options, std::vector<LetterPiece>& pieces) {
  if (prepared.entity->external) {
    pieces.back().external = prepared.entity->external;
    pieces.back().encoding = prepared.encoding;
    pieces.emplace_back();
    return;
  }
  if (prepared.boundary.empty()) {
    pieces.back().bytes.append(prepared.content);
    return;
  }
  for (const Prepared& part : prepared.parts) {
    // The line end in front of a delimiter is its own, whether the body ended with one or not; the first
    // stands behind the header.
    if (&part != &prepared.parts.front()) pieces.back().bytes.append("\r\n");
    pieces.back().bytes.append(fmt::format("--{}\r\n", prepared.boundary));
    write_part_header(part, options, pieces.back().bytes);
    write_body(part, options, pieces);
  }
  pieces.back().bytes.append(fmt::format("\r\n--{}--\r\n", prepared.boundary));
}

}  // namespace

Entity Entity::text(std::string utf8, std::string subtype) {
  return {.subtype = std::move(subtype), .content = std::move(utf8)};
}

Entity Entity::bytes(std::string type, std::string subtype, std::string content) {
  return {.type = std::move(type), .subtype = std::move(subtype), .content = std::move(content)};
}

Entity Entity::stored(std::string type, std::string subtype, std::uint32_t external,
                      TransferEncoding encoding) {
  return {.type = std::move(type),
          .subtype = std::move(subtype),
          .external = external,
          .external_encoding = encoding};
}

Entity Entity::multipart(std::string subtype, std::vector<Entity> parts) {
  return {.type = "multipart", .subtype = std::move(subtype), .parts = std::move(parts)};
}

Entity Entity::letter(std::string bytes) { return Entity::bytes("message", "rfc822", std::move(bytes)); }

Entity Entity::report(std::string report_type, std::vector<Entity> parts) {
  Entity report = multipart("report", std::move(parts));
  report.parameters.push_back({.name = "report-type", .value = std::move(report_type)});
  return report;
}

Entity Entity::as_attachment(std::string name) && {
  disposition = "attachment";
  file_name = std::move(name);
  return std::move(*this);
}

Entity Entity::as_inline(std::string id) && {
  disposition = "inline";
  content_id = std::move(id);
  return std::move(*this);
}

std::vector<LetterPiece> lay_out_letter(std::string header, const Entity& body, Random& random,
                                        const BuildOptions& options) {
  const Prepared prepared = prepare(body, random, options);
  std::vector<LetterPiece> pieces(1);
  pieces.back().bytes = std::move(header);
  if (!find_field(pieces.back().bytes, "MIME-Version")) pieces.back().bytes.append("MIME-Version: 1.0\r\n");
  write_part_header(prepared, options, pieces.back().bytes);
  write_body(prepared, options, pieces);
  return pieces;
}

std::string build_letter(std::string header, const Entity& body, Random& random,
                         const BuildOptions& options) {
  std::string letter;
  for (LetterPiece& piece : lay_out_letter(std::move(header), body, random, options)) {
    PABAL_CHECK(!piece.external);
    letter.append(piece.bytes);
  }
  return letter;
}

}  // namespace pabal::message
