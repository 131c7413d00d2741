// Thread/get and /changes (RFC 8621 §3).
#include <algorithm>
#include <set>

#include "jmap/changes.h"
#include "jmap/detail/standard.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::string_view kProperties[] = {"id", "emailIds"};

}  // namespace

Answer run_thread_get(Call& call) {
  Arguments in = call.read();
  const auto get = read_get(call, in, kProperties);
  if (!get) co_return std::unexpected(get.error());
  // RFC 8620 §5.1: all of a type may be refused where it is too much.
  if (!get->ids) co_return method_error("requestTooLarge", "say which threads");
  PABAL_CO_TRY(const SnapshotRef snapshot, co_await call.snapshot());
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("state").text(state_of(snapshot->mod_seq())).key("list").begin_array();
  std::vector<std::string> not_found;
  for (const std::string_view text : *get->ids) {
    const auto id = parse_thread_id(text);
    const auto emails = id ? snapshot->thread(*id) : std::span<const Snapshot::Index>();
    if (emails.empty()) {
      not_found.emplace_back(text);
      continue;
    }
    out.begin_object().key("id").text(text);
    if (get->wants("emailIds")) {
      out.key("emailIds").begin_array();
      for (const Snapshot::Index index : emails) out.text(email_id((*snapshot)[index].id));
      out.end_array();
    }
    out.end_object();
  }
  out.end_array();
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

// A thread changes when letters come into it or leave it; which ones they are is all that it is.
Answer run_thread_changes(Call& call) {
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
  const auto& letters = changes->letters;
  std::vector<mailbox::LetterId> of_destroyed;
  if (!letters.destroyed.empty()) {
    PABAL_CO_TRY(of_destroyed,
                 co_await call.services().notes.load_threads(call.account(), letters.destroyed));
  }
  std::set<mailbox::LetterId> touched(of_destroyed.begin(), of_destroyed.end());
  for (const mailbox::LetterId id : letters.created) touched.insert(now->find(id)->thread);
  ChangesAnswer answer{
      .old_state = state_of(*since), .new_state = state_of(changes->upto), .more = changes->more};
  for (const mailbox::LetterId thread : touched) {
    const auto emails = now->thread(thread);
    const bool all_new = std::ranges::find(of_destroyed, thread) == of_destroyed.end() &&
                         std::ranges::all_of(emails, [&](Snapshot::Index index) {
                           return std::ranges::binary_search(letters.created, (*now)[index].id);
                         });
    (emails.empty() ? answer.destroyed
     : all_new      ? answer.created
                    : answer.updated)
        .push_back(thread_id(thread));
  }
  write_changes(call, answer);
  call.out().end_object();
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
