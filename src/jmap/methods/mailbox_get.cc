// Mailbox/get and /changes (RFC 8621 §2.1, §2.2).
#include <algorithm>

#include "jmap/changes.h"
#include "jmap/detail/folders.h"
#include "jmap/detail/standard.h"
#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::string_view kProperties[] = {
    "id",           "name",         "parentId",      "role",     "sortOrder",   "totalEmails",
    "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed"};
constexpr std::string_view kCounts[] = {"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"};

void write_rights(JsonWriter& out, const mailbox::Folder& folder) {
  const bool holds_letters = !folder.placeholder;
  const bool movable = folder.id != mailbox::kInbox;
  out.begin_object();
  for (const std::string_view name :
       {"mayReadItems", "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords"})
    out.key(name).flag(holds_letters);
  out.key("mayCreateChild").flag(true);
  out.key("mayRename").flag(movable);
  out.key("mayDelete").flag(movable && holds_letters);
  out.key("maySubmit").flag(holds_letters).end_object();
}

void write_folder(JsonWriter& out, const Snapshot& snapshot, const mailbox::Folder& folder,
                  const GetRequest& get) {
  out.begin_object().key("id").text(mailbox_id(folder.id));
  if (get.wants("name")) out.key("name").text(name_of(folder));
  if (get.wants("parentId")) {
    out.key("parentId");
    folder.parent == mailbox::FolderId() ? out.null() : out.text(mailbox_id(folder.parent));
  }
  if (get.wants("role")) {
    out.key("role");
    role_of(folder).empty() ? out.null() : out.text(role_of(folder));
  }
  if (get.wants("sortOrder")) out.key("sortOrder").number(sort_order_of(folder));
  const bool counts =
      !get.properties || std::ranges::any_of(kCounts, [&](auto name) { return get.wants(name); });
  if (counts) {
    const FolderCounts all = snapshot.counts(folder.id);
    if (get.wants("totalEmails")) out.key("totalEmails").number(all.emails);
    if (get.wants("unreadEmails")) out.key("unreadEmails").number(all.unread_emails);
    if (get.wants("totalThreads")) out.key("totalThreads").number(all.threads);
    if (get.wants("unreadThreads")) out.key("unreadThreads").number(all.unread_threads);
  }
  if (get.wants("myRights")) write_rights(out.key("myRights"), folder);
  if (get.wants("isSubscribed")) out.key("isSubscribed").flag(folder.subscribed);
  out.end_object();
}

std::vector<std::string> ids_of(const std::vector<mailbox::FolderId>& folders) {
  std::vector<std::string> out;
  for (const mailbox::FolderId id : folders) out.push_back(mailbox_id(id));
  return out;
}

}  // namespace

Answer run_mailbox_get(Call& call) {
  Arguments in = call.read();
  const auto get = read_get(call, in, kProperties);
  if (!get) co_return std::unexpected(get.error());
  PABAL_CO_TRY(const SnapshotRef snapshot, co_await call.snapshot());
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("state").text(state_of(snapshot->mod_seq())).key("list").begin_array();
  std::vector<std::string> not_found;
  if (!get->ids) {
    for (const mailbox::Folder& folder : snapshot->folders().all())
      write_folder(out, *snapshot, folder, *get);
  } else {
    for (const std::string_view text : *get->ids) {
      const auto id = parse_mailbox_id(text);
      const mailbox::Folder* folder = id ? snapshot->folders().find(*id) : nullptr;
      if (folder != nullptr) {
        write_folder(out, *snapshot, *folder, *get);
      } else {
        not_found.emplace_back(text);
      }
    }
  }
  out.end_array();
  write_ids(out, "notFound", not_found);
  out.end_object();
  co_return Outcome();
}

Answer run_mailbox_changes(Call& call) {
  const auto request = read_changes(call);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(const SnapshotRef now, co_await call.snapshot());
  const auto since = parse_state(request->since);
  std::optional<Changes> changes;
  if (since) {
    PABAL_CO_TRY(changes, co_await load_changes(call.services().engine, call.account(), now, *since,
                                                request->max, ChangesOf::kFolders));
  }
  if (!changes) co_return method_error("cannotCalculateChanges");
  write_changes(call, {.old_state = state_of(*since),
                       .new_state = state_of(changes->upto),
                       .more = changes->more,
                       .created = ids_of(changes->folders.created),
                       .updated = ids_of(changes->folders.updated),
                       .destroyed = ids_of(changes->folders.destroyed)});
  JsonWriter out = call.out();
  out.key("updatedProperties");
  if (changes->only_counts && !changes->folders.updated.empty()) {
    out.begin_array();
    for (const std::string_view name : kCounts) out.text(name);
    out.end_array();
  } else {
    out.null();
  }
  out.end_object();
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
