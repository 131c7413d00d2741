// Email/get, /changes and /parse (RFC 8621 §4.2, §4.3, §4.9).
#include <algorithm>

#include "jmap/changes.h"
#include "jmap/detail/email_view.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

std::vector<std::string> ids_of(const std::vector<mailbox::LetterId>& letters) {
  std::vector<std::string> out;
  out.reserve(letters.size());
  for (const mailbox::LetterId id : letters) out.push_back(email_id(id));
  return out;
}

/// Of one answer: which letters, and what is read of all of them in one go.
struct Letters {
  std::vector<const Email*> emails;
  std::vector<std::string> not_found;
  std::optional<mailbox::FactsPage> facts = {};
  std::vector<std::optional<mailbox::LetterRecord>> records = {};
};

std::expected<Letters, MethodError> choose(const Snapshot& snapshot, const GetRequest& get,
                                           std::size_t most) {
  Letters out;
  if (!get.ids) {
    if (snapshot.emails().size() > most) return method_error("requestTooLarge", "say which emails");
    for (const Email& email : snapshot.emails()) out.emails.push_back(&email);
    return out;
  }
  for (const std::string_view text : *get.ids) {
    const auto id = parse_email_id(text);
    const Email* email = id ? snapshot.find(*id) : nullptr;
    if (email != nullptr) {
      out.emails.push_back(email);
    } else {
      out.not_found.emplace_back(text);
    }
  }
  return out;
}

net::Task<Result<void>> load(Call& call, const EmailView& view, Letters& letters) {
  std::vector<mailbox::LetterId> ids;
  for (const Email* email : letters.emails) ids.push_back(email->id);
  if (view.wants_facts()) {
    PABAL_CO_TRY(letters.facts, co_await call.mailboxes().load_facts(call.account(), ids));
  }
  if (view.wants_bytes()) {
    PABAL_CO_TRY(letters.records, co_await call.mailboxes().find_all(call.account(), std::move(ids)));
  }
  co_return Result<void>();
}

// One that left since the snapshot was made, and whose grace is over, is not found.
net::Task<Result<bool>> write(Call& call, const EmailView& view, const Snapshot& snapshot,
                              const Letters& letters, std::size_t at) {
  const Email& email = *letters.emails[at];
  EmailSource source{.snapshot = &snapshot, .email = &email, .blob = {email.id, {}}};
  std::optional<message::LetterFacts> facts;
  if (letters.facts) {
    if ((*letters.facts)[at].empty()) co_return false;
    PABAL_CO_TRY(facts, message::decode_facts((*letters.facts)[at]));
    mailbox::shift_facts(*facts, email.size_bytes);
  }
  std::optional<LetterBytes> bytes;
  if (view.wants_bytes()) {
    if (!letters.records[at]) co_return false;
    bytes.emplace(call.mailboxes(), *letters.records[at]);
  }
  PABAL_CO_TRY_VOID(co_await write_email(call.out(), view, std::move(source), facts ? &*facts : nullptr,
                                         bytes ? &*bytes : nullptr));
  co_return true;
}

}  // namespace

Answer run_email_get(Call& call) {
  Arguments in = call.read();
  const auto properties = in.texts("properties");
  const EmailView view = read_view(in, properties, false);
  const auto get = read_get(call, in, {});
  if (!get) co_return std::unexpected(get.error());
  if (auto wrong = check_view(view)) co_return std::unexpected(*std::move(wrong));
  PABAL_CO_TRY(const SnapshotRef snapshot, co_await call.snapshot());
  auto letters = choose(*snapshot, *get, call.limits().max_objects_in_get);
  if (!letters) co_return std::unexpected(letters.error());
  PABAL_CO_TRY_VOID(co_await load(call, view, *letters));
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("state").text(state_of(snapshot->mod_seq())).key("list").begin_array();
  for (std::size_t i = 0; i < letters->emails.size(); ++i) {
    PABAL_CO_TRY(const bool found, co_await write(call, view, *snapshot, *letters, i));
    if (!found) letters->not_found.push_back(email_id(letters->emails[i]->id));
    if (call.answer_is_full())
      co_return method_error("requestTooLarge", "ask for fewer, or for less of them");
  }
  out.end_array();
  write_ids(out, "notFound", letters->not_found);
  out.end_object();
  co_return Outcome();
}

Answer run_email_changes(Call& call) {
  const auto request = read_changes(call);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(const SnapshotRef now, co_await call.snapshot());
  const auto since = parse_state(request->since);
  std::optional<Changes> changes;
  if (since) {
    PABAL_CO_TRY(changes, co_await load_changes(call.services().engine, call.account(), now, *since,
                                                request->max, ChangesOf::kLetters));
  }
  if (!changes) co_return method_error("cannotCalculateChanges");
  write_changes(call, {.old_state = state_of(*since),
                       .new_state = state_of(changes->upto),
                       .more = changes->more,
                       .created = ids_of(changes->letters.created),
                       .updated = ids_of(changes->letters.updated),
                       .destroyed = ids_of(changes->letters.destroyed)});
  call.out().end_object();
  co_return Outcome();
}

Answer run_email_parse(Call& call) {
  Arguments in = call.read();
  const auto properties = in.texts("properties");
  const EmailView view = read_view(in, properties, true);
  const auto ids = in.texts("blobIds");
  if (!ids) in.spoil("blobIds", "is missing");
  if (!in.complete()) co_return in.error();
  if (auto wrong = check_view(view)) co_return std::unexpected(*std::move(wrong));
  if (ids->size() > call.limits().max_objects_in_get) co_return method_error("requestTooLarge");
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("parsed").begin_object();
  std::vector<std::string> not_found;
  std::vector<std::string> not_parsable;
  for (const std::string_view id : *ids) {
    const auto name = parse_blob_id(call.resolve(id));
    std::optional<std::string> content;
    if (name) {
      PABAL_CO_TRY(content, co_await load_blob(call, *name));
    }
    if (!content) {
      not_found.emplace_back(id);
      continue;
    }
    if (message::header_size(*content) == 0) {
      not_parsable.emplace_back(id);
      continue;
    }
    const message::LetterFacts facts = message::read_letter(*content);
    LetterBytes bytes(*std::move(content));
    out.key(id);
    PABAL_CO_TRY_VOID(co_await write_email(call.out(), view, {.blob = *name}, &facts, &bytes));
    if (call.answer_is_full()) co_return method_error("requestTooLarge");
  }
  out.end_object();
  write_ids(out, "notParsable", not_parsable);
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
