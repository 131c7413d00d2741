#include "imap/grammar/object_id.h"

#include "base/cursor.h"
#include "imap/grammar/sequence_set.h"

namespace pabal::imap {
namespace {

std::optional<std::uint64_t> parse_object_id(std::string_view text, char kind) {
  Cursor in(text);
  if (!in.take_char(kind) || in.peek_is('0')) return {};
  const auto number = in.take_number();
  if (in.take_char('-') && (in.peek_is('0') || !in.take_number())) return {};
  return in.at_end() ? number : std::nullopt;
}

void append_object_id(std::string& out, char kind, std::uint64_t number, OtherAccount owner) {
  out.push_back(kind);
  append_number(out, number);
  if (!owner) return;
  out.push_back('-');
  append_number(out, owner->value());
}

}  // namespace

void append_email_id(std::string& out, mailbox::LetterId letter, OtherAccount owner) {
  append_object_id(out, 'M', letter.value(), owner);
}
void append_thread_id(std::string& out, mailbox::LetterId thread, OtherAccount owner) {
  append_object_id(out, 'T', thread.value(), owner);
}
void append_mailbox_id(std::string& out, mailbox::FolderId folder, OtherAccount owner) {
  append_object_id(out, 'F', folder.value(), owner);
}

std::optional<mailbox::LetterId> parse_email_id(std::string_view text) {
  const auto number = parse_object_id(text, 'M');
  return number ? std::optional(mailbox::LetterId(*number)) : std::nullopt;
}
std::optional<mailbox::LetterId> parse_thread_id(std::string_view text) {
  const auto number = parse_object_id(text, 'T');
  return number ? std::optional(mailbox::LetterId(*number)) : std::nullopt;
}

}  // namespace pabal::imap
