#include "imap/detail/letter_section.h"

#include <algorithm>

#include "base/ascii.h"
#include "imap/grammar/write_string.h"
#include "message/header.h"

namespace pabal::imap::detail {
namespace {

/// A letter crosses in pieces of this size: few reads for large ones, little memory for a thousand sessions.
constexpr std::size_t kPieceBytes = kFirstPieceBytes;

using message::Part;
using message::PartIndex;
using message::Structure;

/// These bytes, if they were read already.
std::optional<std::string_view> at_hand(const OpenLetter& letter, std::uint64_t offset, std::uint64_t size) {
  if (offset > letter.prefix.size() || size > letter.prefix.size() - offset) return {};
  return std::string_view(letter.prefix).substr(offset, size);
}

net::Task<Result<std::string>> read_piece(Session& session, const OpenLetter& letter, std::uint64_t offset,
                                          std::uint64_t size) {
  if (const auto bytes = at_hand(letter, offset, size)) co_return std::string(*bytes);
  PABAL_CO_TRY(std::string bytes, co_await session.mailboxes().read(letter.record, offset, size));
  if (bytes.size() < size) {
    co_return fail(ErrorKind::kCorrupt, "a letter ends {} bytes before it should", size - bytes.size());
  }
  co_return bytes;
}

/// The letter whose header and text a section means: of the part that carries it, or the letter itself.
std::optional<PartIndex> find_letter(const Structure& structure, const std::vector<std::uint32_t>& path) {
  const auto part = structure.find_section(path);
  if (!part || path.empty()) return part;
  if (!structure.parts[*part].is_message() || !structure.has_children(*part)) return {};
  return structure.first_child(*part);
}

bool is_asked_for(const message::Field& field, const Section& section) {
  const bool named =
      std::ranges::any_of(section.fields, [&](const std::string& name) { return field.is(name); });
  return named == (section.what == Section::What::kHeaderFields);
}

// The empty line stands behind the fields, whichever are chosen (RFC 9051 §6.4.5).
std::string choose_fields(std::string_view header, const Section& section) {
  std::string out;
  message::FieldReader fields(header);
  while (const auto field = fields.next()) {
    if (is_asked_for(*field, section)) out += header.substr(field->begin, field->end - field->begin);
  }
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  out += "\r\n";
  return out;
}

SectionSource header_of(const Part& part) {
  return {.offset = part.header_begin, .size = part.header_size()};
}
SectionSource body_of(const Part& part) { return {.offset = part.body_begin, .size = part.body_size()}; }

/// What `partial` leaves of so many bytes.
Partial cut(std::uint64_t size, const std::optional<Partial>& partial) {
  if (!partial) return {0, size};
  const std::uint64_t offset = std::min(partial->offset, size);
  return {offset, std::min(partial->size, size - offset)};
}

/// No string but a BINARY may hold a NUL (RFC 9051 §9, note 3), and their number must stay: each is shown as
/// a byte that is no character.
void hide_nuls(std::string& bytes) {
  for (auto at = bytes.find('\0'); at != std::string::npos; at = bytes.find('\0', at + 1)) bytes[at] = '\x80';
}

/// In the middle of a literal there is no word left to say: the connection ends.
template <class T>
std::unexpected<Error> broken_off(Result<T>&& failed) {
  return fail(ErrorKind::kClose, "{}", std::move(failed).error().detail);
}

/// Runs the decoded bytes past `take` in pieces.
template <class Take>
net::Task<Result<void>> decode(Session& session, const OpenLetter& letter, const SectionSource& source,
                               Take& take) {
  message::TransferDecoder decoder(source.encoding);
  std::string decoded;
  for (std::uint64_t done = 0; done < source.size;) {
    const std::uint64_t size = std::min<std::uint64_t>(source.size - done, kPieceBytes);
    PABAL_CO_TRY(const std::string bytes, co_await read_piece(session, letter, source.offset + done, size));
    done += size;
    decoded.clear();
    decoder.decode(bytes, decoded);
    PABAL_CO_TRY_VOID(co_await take(decoded));
  }
  decoded.clear();
  decoder.finish(decoded);
  co_return co_await take(decoded);
}

struct Measure {
  std::uint64_t size = 0;
  bool has_nul = false;
  Step operator()(std::string_view bytes) {
    size += bytes.size();
    has_nul = has_nul || bytes.find('\0') != std::string_view::npos;
    co_return Result<void>();
  }
};

struct SendPart {
  Session& session;
  Partial wanted;
  std::uint64_t passed = 0;
  Step operator()(std::string_view bytes) {
    const std::uint64_t begin = std::max(passed, wanted.offset);
    const std::uint64_t end = std::min(passed + bytes.size(), wanted.offset + wanted.size);
    if (begin < end) session.out() += bytes.substr(begin - passed, end - begin);
    passed += bytes.size();
    co_return co_await session.flush();
  }
};

}  // namespace

net::Task<Result<std::optional<SectionSource>>> find_source(Session& session, const OpenLetter& letter,
                                                            const Section& section) {
  using What = Section::What;
  if (section.what == What::kWhole && section.path.empty())
    co_return SectionSource{.offset = 0, .size = letter.record.size_bytes()};
  const Structure& structure = *letter.structure;
  const bool of_part = section.what == What::kWhole || section.what == What::kMime;
  const auto index = of_part ? structure.find_section(section.path) : find_letter(structure, section.path);
  if (!index) co_return std::nullopt;
  const Part& part = structure.parts[*index];
  switch (section.what) {
    case What::kWhole:
    case What::kText:
      co_return body_of(part);
    case What::kHeader:
    case What::kMime:
      co_return header_of(part);
    case What::kHeaderFields:
    case What::kHeaderFieldsNot:
      break;
  }
  const std::uint64_t size = std::min<std::uint64_t>(part.header_size(), message::kMaxHeaderBytes);
  PABAL_CO_TRY(const std::string header, co_await read_piece(session, letter, part.header_begin, size));
  co_return SectionSource{.text = choose_fields(header, section)};
}

std::optional<SectionSource> find_binary_source(const OpenLetter& letter, const Section& section) {
  if (section.path.empty()) return SectionSource{.offset = 0, .size = letter.record.size_bytes()};
  const auto index = letter.structure->find_section(section.path);
  if (!index) return {};
  const Part& part = letter.structure->parts[*index];
  SectionSource out = body_of(part);
  if (!part.is_multipart() && !part.is_message()) out.encoding = part.encoding;
  return out;
}

net::Task<Result<SectionSent>> send_section(Session& session, const OpenLetter& letter,
                                            const SectionSource& source,
                                            const std::optional<Partial>& partial) {
  std::string& out = session.out();
  if (source.text) {
    const Partial part = cut(source.text->size(), partial);
    append_literal_header(out, part.size);
    std::string text = source.text->substr(part.offset, part.size);
    hide_nuls(text);
    out += text;
    co_return SectionSent{};
  }
  const Partial part = cut(source.size, partial);
  const std::uint64_t offset = source.offset + part.offset;
  std::uint64_t done = std::min<std::uint64_t>(part.size, kPieceBytes);
  {
    auto first = co_await read_piece(session, letter, offset, done);
    if (!first && first.error().kind == ErrorKind::kCancelled) co_return std::unexpected(first.error());
    if (!first) {
      session.services().log.error("a letter can't be read",
                                   {{"account", letter.account}, {"error", first.error()}});
      out += "NIL";
      co_return SectionSent{.readable = false};
    }
    append_literal_header(out, part.size);
    hide_nuls(*first);
    out += *first;
  }
  while (done < part.size) {
    PABAL_CO_TRY_VOID(co_await session.flush());
    const std::uint64_t size = std::min<std::uint64_t>(part.size - done, kPieceBytes);
    auto bytes = co_await read_piece(session, letter, offset + done, size);
    if (!bytes) co_return broken_off(std::move(bytes));
    hide_nuls(*bytes);
    out += *bytes;
    done += size;
  }
  co_return SectionSent{};
}

net::Task<Result<SectionSent>> send_binary(Session& session, const OpenLetter& letter,
                                           const SectionSource& source,
                                           const std::optional<Partial>& partial) {
  Measure measure;
  if (auto measured = co_await decode(session, letter, source, measure); !measured) {
    session.out() += "NIL";
    co_return SectionSent{.readable = false};
  }
  SendPart send{session, cut(measure.size, partial)};
  if (measure.has_nul) {
    append_literal8_header(session.out(), send.wanted.size);
  } else {
    append_literal_header(session.out(), send.wanted.size);
  }
  auto sent = co_await decode(session, letter, source, send);
  if (!sent) co_return broken_off(std::move(sent));
  co_return SectionSent{};
}

net::Task<Result<std::uint64_t>> measure_binary(Session& session, const OpenLetter& letter,
                                                const SectionSource& source) {
  Measure measure;
  PABAL_CO_TRY_VOID(co_await decode(session, letter, source, measure));
  co_return measure.size;
}

}  // namespace pabal::imap::detail
