#include "jmap/detail/letter_bytes.h"

#include "jmap/detail/uploads.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::uint64_t kPieceBytes = 256 * 1024;

bool is_as_it_stands(const message::Part& part) {
  return part.is_multipart() || part.is_message() || message::is_identity(part.encoding) ||
         part.encoding == message::TransferEncoding::kUnknown;
}

/// Decodes the part, and hands what comes out to `take`.
template <class Take>
net::Task<Result<void>> decode(LetterBytes& bytes, const message::Part& part, Take& take) {
  message::TransferDecoder decoder(part.encoding);
  std::string decoded;
  for (std::uint64_t at = part.body_begin; at < part.body_end;) {
    const std::uint64_t size = std::min(part.body_end - at, kPieceBytes);
    PABAL_CO_TRY(const std::string piece, co_await bytes.read(at, size));
    at += size;
    decoder.decode(piece, decoded);
    take(decoded);
  }
  decoder.finish(decoded);
  take(decoded);
  co_return Result<void>();
}

// The first step of a name, whatever is within that.
net::Task<Result<std::optional<std::string>>> load_first(Call& call, const BlobName& name) {
  if (const auto* uploaded = std::get_if<store::BlobId>(&name.of)) {
    PABAL_CO_TRY(const auto upload, co_await find_upload(call, *uploaded));
    if (!upload) co_return std::nullopt;
    PABAL_CO_TRY(std::string content,
                 co_await call.services().engine.read_blob(*uploaded, 0, upload->size_bytes));
    co_return content;
  }
  PABAL_CO_TRY(auto letter, co_await load_letter(call, std::get<mailbox::LetterId>(name.of)));
  if (!letter) co_return std::nullopt;
  LetterBytes bytes(call.mailboxes(), std::move(letter->record));
  if (name.within.empty()) {
    PABAL_CO_TRY(std::string whole, co_await bytes.read(0, bytes.size()));
    co_return whole;
  }
  const auto& parts = letter->facts.structure.parts;
  if (name.within.front() >= parts.size() || parts[name.within.front()].is_multipart())
    co_return std::nullopt;
  PABAL_CO_TRY(std::string content, co_await read_part(bytes, parts[name.within.front()]));
  co_return content;
}

}  // namespace

net::Task<Result<std::string>> LetterBytes::read(std::uint64_t offset, std::uint64_t size) {
  if (!whole_ && size_ <= kSmall) {
    PABAL_CO_TRY(whole_, co_await mailboxes_->read(*record_, 0, size_));
  }
  std::string out;
  if (whole_) {
    if (offset <= whole_->size()) out = whole_->substr(offset, size);
  } else {
    PABAL_CO_TRY(out, co_await mailboxes_->read(*record_, offset, size));
  }
  if (out.size() < size)
    co_return fail(ErrorKind::kCorrupt, "a letter ends {} bytes early", size - out.size());
  co_return out;
}

net::Task<Result<std::string>> read_part(LetterBytes& bytes, const message::Part& part) {
  if (is_as_it_stands(part)) co_return co_await bytes.read(part.body_begin, part.body_size());
  std::string out;
  const auto take = [&](std::string& decoded) {
    out += decoded;
    decoded.clear();
  };
  PABAL_CO_TRY_VOID(co_await decode(bytes, part, take));
  co_return out;
}

net::Task<Result<std::uint64_t>> measure_part(LetterBytes& bytes, const message::Part& part) {
  if (is_as_it_stands(part)) co_return part.body_size();
  std::uint64_t out = 0;
  const auto take = [&](std::string& decoded) {
    out += decoded.size();
    decoded.clear();
  };
  PABAL_CO_TRY_VOID(co_await decode(bytes, part, take));
  co_return out;
}

net::Task<Result<std::optional<std::string>>> load_blob(Call& call, BlobName name) {
  PABAL_CO_TRY(std::optional<std::string> content, co_await load_first(call, name));
  const bool is_letter = std::holds_alternative<mailbox::LetterId>(name.of);
  for (std::size_t i = is_letter ? 1 : 0; content && i < name.within.size(); ++i) {
    const message::Structure structure = message::parse_structure(*content);
    if (name.within[i] >= structure.parts.size() || structure.parts[name.within[i]].is_multipart())
      co_return std::nullopt;
    LetterBytes bytes(*std::move(content));
    PABAL_CO_TRY(content, co_await read_part(bytes, structure.parts[name.within[i]]));
  }
  co_return content;
}

net::Task<Result<std::optional<std::uint64_t>>> measure_blob(Call& call, BlobName name) {
  if (name.within.empty()) {
    if (const auto* uploaded = std::get_if<store::BlobId>(&name.of)) {
      PABAL_CO_TRY(const auto upload, co_await find_upload(call, *uploaded));
      co_return upload ? std::optional(upload->size_bytes) : std::nullopt;
    }
    PABAL_CO_TRY(const auto record,
                 co_await call.mailboxes().find(call.account(), std::get<mailbox::LetterId>(name.of)));
    co_return record ? std::optional(record->size_bytes()) : std::nullopt;
  }
  PABAL_CO_TRY(const auto content, co_await load_blob(call, std::move(name)));
  co_return content ? std::optional<std::uint64_t>(content->size()) : std::nullopt;
}

net::Task<Result<std::optional<StoredLetter>>> load_letter(Call& call, mailbox::LetterId letter) {
  PABAL_CO_TRY(auto record, co_await call.mailboxes().find(call.account(), letter));
  if (!record) co_return std::nullopt;
  PABAL_CO_TRY(const mailbox::FactsPage page, co_await call.mailboxes().load_facts(call.account(), {letter}));
  if (page[0].empty()) co_return std::nullopt;
  PABAL_CO_TRY(message::LetterFacts facts, message::decode_facts(page[0]));
  mailbox::shift_facts(facts, record->size_bytes());
  co_return StoredLetter{*std::move(record), std::move(facts)};
}

}  // namespace pabal::jmap::detail
