#include "jmap/ids.h"

#include "base/cursor.h"
#include "base/encoding.h"

namespace pabal::jmap {
namespace {

std::optional<std::uint64_t> parse(std::string_view text, char kind, std::uint64_t max) {
  Cursor in(text);
  if (!in.take_char(kind) || in.peek_is('0')) return {};
  const auto number = in.take_number(max);
  return in.at_end() ? number : std::nullopt;
}

std::optional<mailbox::LetterId> parse_letter(std::string_view text, char kind) {
  const auto number = parse(text, kind, UINT64_MAX);
  return number ? std::optional(mailbox::LetterId(*number)) : std::nullopt;
}

}  // namespace

std::string account_id(account::AccountId account) { return fmt::format("A{}", account); }
std::string email_id(mailbox::LetterId letter) { return fmt::format("M{}", letter); }
std::string thread_id(mailbox::LetterId thread) { return fmt::format("T{}", thread); }
std::string mailbox_id(mailbox::FolderId folder) { return fmt::format("F{}", folder); }

std::optional<mailbox::LetterId> parse_email_id(std::string_view text) { return parse_letter(text, 'M'); }
std::optional<mailbox::LetterId> parse_thread_id(std::string_view text) { return parse_letter(text, 'T'); }
std::optional<mailbox::FolderId> parse_mailbox_id(std::string_view text) {
  const auto number = parse(text, 'F', UINT32_MAX);
  return number ? std::optional(mailbox::FolderId(static_cast<std::uint32_t>(*number))) : std::nullopt;
}

BlobName BlobName::part(message::PartIndex index) const {
  BlobName out = *this;
  out.within.push_back(index);
  return out;
}

std::string blob_id(const BlobName& name) {
  const auto* letter = std::get_if<mailbox::LetterId>(&name.of);
  std::string out =
      letter != nullptr ? fmt::format("B{}", *letter) : "U" + std::get<store::BlobId>(name.of).to_hex();
  for (const message::PartIndex part : name.within) out += fmt::format("-{}", part);
  return out;
}

std::optional<BlobName> parse_blob_id(std::string_view text) {
  const std::string_view whole = text.substr(0, text.find('-'));
  BlobName out;
  if (whole.starts_with('U')) {
    const auto bytes = from_hex(whole.substr(1));
    const auto content = bytes ? store::BlobId::from_bytes(*bytes) : std::nullopt;
    // One form a blob: capital digits would be a second name.
    if (!content || content->to_hex() != whole.substr(1)) return {};
    out.of = *content;
  } else {
    const auto letter = parse_letter(whole, 'B');
    if (!letter) return {};
    out.of = *letter;
  }
  Cursor in(text.substr(whole.size()));
  while (in.take_char('-')) {
    const auto part = in.take_number(message::kMaxParts);
    if (!part || out.within.size() == kMaxBlobDepth) return {};
    out.within.push_back(static_cast<message::PartIndex>(*part));
  }
  if (!in.at_end() || blob_id(out) != text) return {};
  return out;
}

std::string state_of(mailbox::ModSeq mod_seq) { return fmt::format("{}", mod_seq); }

std::optional<mailbox::ModSeq> parse_state(std::string_view text) {
  Cursor in(text);
  const auto number = in.take_number();
  if (!number || !in.at_end() || (text.size() > 1 && text.front() == '0')) return {};
  return mailbox::ModSeq(*number);
}

}  // namespace pabal::jmap
