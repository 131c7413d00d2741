// Any bytes as the arguments of every command: never read behind the end, never accepted in two ways, and
// sets, sections and names come back from what is written of them.
#include <string>
#include <string_view>
#include <tuple>

#include "base/ascii.h"
#include "base/check.h"
#include "imap/grammar/admin_commands.h"
#include "imap/grammar/append_command.h"
#include "imap/grammar/fetch_command.h"
#include "imap/grammar/list_command.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/notify_command.h"
#include "imap/grammar/session_commands.h"
#include "imap/grammar/store_commands.h"
#include "imap/grammar/write_string.h"

using namespace pabal;
using namespace pabal::imap;

namespace {

/// Whoever accepts, accepts the whole; what strict accepts, lenient does.
template <class Parse>
auto check(std::string_view args, Parse parse) {
  const Dialect strict{.leniency = Leniency::none()};
  Cursor narrow(args);
  const bool accepted = parse(narrow, strict).has_value();
  Cursor in(args);
  auto out = parse(in, Dialect{});
  PABAL_CHECK(out.has_value() || !accepted);
  PABAL_CHECK(!out || in.at_end());
  PABAL_CHECK(out || is_ascii(out.error().detail));
  PABAL_CHECK(out || out.error().detail.find_first_of("\r\n") == std::string::npos);
  Cursor utf8(args);
  std::ignore = parse(utf8, Dialect{.utf8 = true});
  return out;
}

void check_set(const SequenceSet& set) {
  for (const std::uint32_t largest : {0u, 7u, 4'294'967'295u}) {
    const auto ranges = set.resolve(largest);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      PABAL_CHECK(ranges[i].first > 0 && ranges[i].first <= ranges[i].last);
      PABAL_CHECK(i == 0 || ranges[i - 1].last < ranges[i].first - 1);
    }
    if (ranges.empty()) continue;
    std::string text;
    append_sequence_set(text, ranges);
    Cursor in(text);
    const auto again = SequenceSet::parse(in);
    PABAL_CHECK(again && in.at_end() && again->resolve(largest) == ranges);
  }
}

void check_fetch(std::string_view args, bool uid) {
  const auto fetch = check(args, [uid](Cursor& in, const Dialect& d) { return parse_fetch(in, d, uid); });
  if (!fetch) return;
  check_set(fetch->set);
  for (const FetchSection& section : fetch->items.sections) {
    std::string text;
    append_section(text, section.section);
    Cursor in(text);
    const auto again = parse_section(in, {});
    PABAL_CHECK(again && in.at_end() && *again == section.section);
  }
}

void check_append(std::string_view args) {
  Cursor in(args);
  if (!parse_append(in, {})) return;
  for (int pieces = 0; pieces < 100; ++pieces) {
    const auto message = parse_append_message(in, {});
    if (!message) return;
    if (message->form == AppendMessage::Form::kCatenate) {
      while (true) {
        const auto part = parse_cat_part(in, {});
        if (!part) return;
        if (part->kind == CatPart::Kind::kEnd) break;
        if (part->kind == CatPart::Kind::kText && !parse_literal(in)) return;
        std::ignore = parse_message_url(part->url);
      }
    } else {
      if (!parse_literal(in)) return;
      if (message->form == AppendMessage::Form::kUtf8 && !parse_append_message_end(in)) return;
    }
    const auto more = parse_append_next(in, {});
    if (!more || !*more) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view args(reinterpret_cast<const char*>(data), size);
  check(args, parse_no_arguments);
  check(args, parse_login);
  check(args, parse_authenticate);
  check(args, parse_enable);
  check(args, parse_id);
  check(args, parse_compress);
  check(args, parse_select);
  check(args, parse_create);
  check(args, parse_rename);
  check(args, parse_status);
  check(args, parse_one_mailbox);
  check(args, parse_list);
  check(args, parse_lsub);
  check(args, parse_store);
  check(args, parse_transfer);
  check(args, parse_uid_expunge);
  check(args, parse_notify);
  check(args, parse_getquota);
  check(args, parse_setquota);
  check(args, parse_getmetadata);
  check(args, parse_setmetadata);
  check(args, parse_setacl);
  check(args, parse_acl_subject);
  check_fetch(args, false);
  check_fetch(args, true);
  check_append(args);
  std::ignore = find_literal_at_end(args);
  return 0;
}
